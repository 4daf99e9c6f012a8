"""A model server on loopback that answers from a script: the Responses API, streamed."""
import http.server
import json
import threading

USAGE = {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 20,
         "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 120}


class Model:
    """Answers the n-th request about a user text with the n-th step of that text's script.

    A step is a list of output items, or an HTTP status to fail with. `shown` has the last input with each text.
    """

    def __init__(self):
        self.scripts = {}
        self.used = {}
        self.shown = {}
        self.items = 0
        self.lock = threading.Lock()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(200, "application/json", b'{"object":"list","data":[],"models":[]}')

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                step = model.step(request)
                if isinstance(step, int):
                    self.answer(step, "application/json", b'{"error":{"message":"scripted failure"}}')
                else:
                    self.answer(200, "text/event-stream", stream(step))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def script(self, text, steps):
        """From now on, `text` is answered with these steps, one per request."""
        self.scripts[text] = steps
        self.used[text] = 0

    def step(self, request):
        with self.lock:
            for item in reversed(request.get("input", [])):
                for part in item.get("content") or []:
                    text = part.get("text", "") if isinstance(part, dict) else ""
                    if text in self.scripts:
                        steps, used = self.scripts[text], self.used[text]
                        self.used[text] += 1
                        self.shown[text] = request["input"]
                        return self.with_ids(steps[min(used, len(steps) - 1)])
            return self.with_ids([message("a summary of what happened so far")])

    def with_ids(self, step):
        if isinstance(step, int):
            return step
        numbered = []
        for item in step:
            self.items += 1
            prefix = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc",
                      "web_search_call": "ws"}[item["type"]]
            item = {**item, "id": f"{prefix}_{self.items:04d}"}
            if item["type"].endswith("_call") and item["type"] != "web_search_call":
                item["call_id"] = f"call_{self.items:04d}"
            numbered.append(item)
        return numbered

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def stream(items):
    events = [{"type": "response.created", "response": {"id": "resp"}}]
    events += [{"type": "response.output_item.done", "item": item} for item in items]
    events.append({"type": "response.completed", "response": {"id": "resp", "usage": USAGE}})
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def message(text, phase=None):
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    return {**item, "phase": phase} if phase else item


def reasoning(*summary):
    return {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in summary],
            "content": None, "encrypted_content": "ZW5jcnlwdGVk"}


def shell(command):
    return {"type": "function_call", "name": "exec_command", "arguments": json.dumps({"cmd": command, "login": False})}


def patch(text):
    return {"type": "custom_tool_call", "name": "apply_patch", "status": "completed", "input": text}


def web_search(query):
    return {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": query}}
