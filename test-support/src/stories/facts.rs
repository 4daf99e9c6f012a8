//! What the stories of the relevance corpus are about.
//!
//! Data only. Topics overlap on purpose: caches, timeouts, indexes and migrations occur in several.

/// What one thread is about.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Working directory.
    pub project: &'static str,
    /// Name given by a person.
    pub name: &'static str,
    /// What the user asked.
    pub ask: &'static str,
    /// Words of it that somebody remembers, in another order.
    pub remembered: &'static str,
    /// Identifier in the patch, in humps.
    pub identifier: &'static str,
    /// File that was changed.
    pub file: &'static str,
    /// Command that was run, and the word of it that is remembered.
    pub command: (&'static str, &'static str),
    /// What the command printed.
    pub error: &'static str,
    /// What the agent said in the end.
    pub answer: &'static str,
    /// A rare word of the answer.
    pub rare: &'static str,
}

macro_rules! stories {
    ($({ $project:literal $name:literal ask $ask:literal remembered $remembered:literal code $identifier:literal $file:literal
         ran $command:literal $word:literal printed $error:literal said $answer:literal rare $rare:literal })*) => {
        /// All stories.
        pub const STORIES: &[Facts] = &[$(Facts {
            project: $project, name: $name, ask: $ask, remembered: $remembered, identifier: $identifier, file: $file,
            command: ($command, $word), error: $error, answer: $answer, rare: $rare,
        }),*];
    };
}

stories! {
    { "/home/ada/code/billing" "Pool starvation under load"
      ask "Under load the database pool is exhausted and requests hang at checkout. Find out who keeps connections."
      remembered "checkout pool exhausted" code "acquireConnection" "src/pool/acquire.rs"
      ran "cargo test -p billing --lib acquire_timeout" "acquire_timeout" printed "PoolTimedOut while waiting for an open connection"
      said "A transaction was held across an await of the payment gateway; it is scoped now, and the starvation is gone." rare "starvation" }
    { "/home/ada/code/billing" "Rounding of invoices"
      ask "Invoices differ by one cent from the ledger. Which rounding do we use for VAT?"
      remembered "ledger cent rounding" code "roundHalfEven" "src/invoice/rounding.rs"
      ran "python3 tools/compare_ledger.py --month 2026-01" "compare_ledger" printed "ledger mismatch: expected 1041.37, computed 1041.38"
      said "VAT was rounded per line; now per invoice with banker's rounding, as the bookkeepers expect." rare "bookkeepers" }
    { "/home/ada/code/billing" "Webhook signatures"
      ask "Stripe webhooks fail verification since we put the proxy in front. Please debug the signature."
      remembered "signature proxy webhooks" code "verifyWebhookSignature" "src/webhook/verify.rs"
      ran "curl -i -X POST localhost:8080/webhook --data-binary @event.json" "webhook" printed "HTTP/1.1 400 no signatures found matching the expected signature"
      said "The proxy re-encoded the body, so the digest differed; the raw bytes are hashed before any middleware touches them." rare "digest" }
    { "/home/ada/code/search" "Tokenizer for Japanese"
      ask "全文検索で日本語の単語が見つからない。トークナイザを直してください。"
      remembered "全文検索 日本語" code "bigramTokenizer" "src/text/bigram.rs"
      ran "cargo test tokenizer::cjk" "cjk" printed "assertion failed: expected 2 hits for 東京都, found 0"
      said "文字を重なる二文字に分割して索引に入れました。東京都も見つかります。" rare "索引に入れ" }
    { "/home/ada/code/search" "Index grows without bound"
      ask "The index directory grows to 40 GB although we delete documents daily. Why are segments never merged?"
      remembered "segments merged grows" code "mergePolicyTiers" "src/index/merge.rs"
      ran "du -sh index && ls index | wc -l" "index" printed "41G index 18233 segments pending merge"
      said "Tombstones alone never triggered a merge; segments with a third of deleted documents are now compacted at night." rare "tombstones" }
    { "/home/ada/code/search" "Highlighting off by one"
      ask "Highlights in result snippets are shifted when the text has emoji. Fix the offsets."
      remembered "emoji shifted highlights" code "utf16OffsetMap" "src/snippet/offsets.ts"
      ran "npx vitest run snippet" "vitest" printed "AssertionError: expected 'needle' to equal ' needl'"
      said "Offsets were counted in code points while the browser counts UTF-16 units; surrogate pairs are counted twice now." rare "surrogate" }
    { "/home/ada/code/notes" "Front matter"
      ask "Parse the YAML front matter of notes with Windows line ends too."
      remembered "windows front matter" code "splitFrontMatter" "src/note/front_matter.rs"
      ran "cargo test front_matter::windows" "windows" printed "missing closing delimiter after 3 lines"
      said "A carriage return before the delimiter is accepted, and kept in the body." rare "carriage" }
    { "/home/ada/code/notes" "Sync conflicts"
      ask "Two devices edited the same note offline; the later upload silently overwrote the earlier one. We need a merge."
      remembered "offline devices overwrote" code "threeWayMerge" "src/sync/merge.rs"
      ran "just sync-simulate --devices 2 --offline" "sync-simulate" printed "conflict lost: revision 7f3a has two children, kept one"
      said "Both versions are merged against their common ancestor; what cannot be merged becomes a second note." rare "ancestor" }
    { "/home/ada/code/notes" "Dark mode contrast"
      ask "In dark mode links are unreadable. Check the contrast against WCAG."
      remembered "contrast links dark" code "contrastRatio" "web/theme/contrast.ts"
      ran "npx pa11y http://localhost:3000/settings" "pa11y" printed "Error: insufficient contrast, ratio 2.9 expected 4.5"
      said "Links use a lighter azure in dark mode; every pair of colours now passes with at least 4.6." rare "azure" }
    { "/srv/fleet" "Rollout of agent 3"
      ask "Roll agent 3 out to the fleet in waves of ten percent, and stop when the crash rate rises."
      remembered "waves crash rate fleet" code "rolloutWavePlanner" "deploy/waves.py"
      ran "kubectl rollout status daemonset/agent --timeout=5m" "daemonset" printed "Waiting for daemon set agent rollout to finish: 12 out of 240 updated"
      said "Each wave waits for its canaries for ten minutes and is undone when more than one percent of them crash." rare "canaries" }
    { "/srv/fleet" "Disk alerts at night"
      ask "Every night at three the disks of the loggers fill up and the pager goes off. What is writing?"
      remembered "loggers disks three night" code "rotateJournalFiles" "ansible/roles/logger/tasks/rotate.yml"
      ran "journalctl --disk-usage && du -x /var | sort -n | tail" "journalctl" printed "Archived and active journals take up 118.0G in the file system"
      said "The nightly export doubled the journal because rotation kept uncompressed copies; vacuuming keeps it below four gigabytes." rare "vacuuming" }
    { "/srv/fleet" "Clock skew"
      ask "Tokens are rejected on some hosts because their clocks are ahead. Make the check tolerant and fix NTP."
      remembered "tokens rejected clocks" code "allowedClockSkew" "src/auth/skew.go"
      ran "chronyc tracking" "chronyc" printed "System time : 94.312 seconds fast of NTP time"
      said "Tokens from the near future are accepted within thirty seconds, and chrony steps the clock at boot." rare "tolerant" }
    { "/home/ada/games/asteroid" "Stutter on collision"
      ask "The game stutters for a frame whenever two asteroids collide. Profile the collision code."
      remembered "collide stutters asteroids" code "broadPhaseGrid" "src/physics/broad_phase.rs"
      ran "cargo flamegraph --bin asteroid" "flamegraph" printed "frame 18123 took 41.2 ms in narrow_phase"
      said "Every pair was tested; a uniform grid leaves only neighbours, and the worst frame is five milliseconds." rare "neighbours" }
    { "/home/ada/games/asteroid" "Controller support"
      ask "Add gamepad support with remappable buttons and rumble."
      remembered "rumble gamepad buttons" code "gamepadBindings" "src/input/gamepad.rs"
      ran "cargo run --example pads" "pads" printed "unrecognized mapping for 8BitDo Pro 2, using fallback"
      said "Pads are polled each frame, bindings live in a file, and rumble fades with the shield." rare "polled" }
    { "/home/ada/code/compiler" "Constant folding bug"
      ask "The optimizer folds a shift by 64 to zero, which is undefined. Guard it."
      remembered "shift optimizer undefined" code "foldConstantShift" "lib/opt/fold.cc"
      ran "ninja check-opt && ./bin/fuzz-opt -runs=100000" "fuzz-opt" printed "miscompile: shl i64 1, 64 folded to 0"
      said "Shifts as wide as the type become poison and are left alone by the folder." rare "poison" }
    { "/home/ada/code/compiler" "Slow incremental builds"
      ask "A change in one header rebuilds everything. Where does the dependency come from?"
      remembered "header rebuilds dependency" code "includeGraphWalker" "tools/include_graph.py"
      ran "ninja -d explain -n | head -50" "explain" printed "ninja explain: restat of output config.h older than most recent input"
      said "A generated configuration header carried the date; it is written only when its contents change." rare "restat" }
    { "/home/ada/code/mail" "Umlaute im Betreff"
      ask "Betreffzeilen mit Umlauten kommen als Fragezeichen an. Bitte die Kodierung nach RFC 2047 reparieren."
      remembered "umlaute betreff kodierung" code "encodeHeaderWord" "mail/headers.py"
      ran "pytest -k encoded_words" "encoded_words" printed "AssertionError: '=?utf-8?q?Gr=C3=BC=C3=9Fe?=' != 'Gr??e'"
      said "Die Kopfzeile wird jetzt als Wort kodiert; auch sehr lange Betreffzeilen bleiben lesbar." rare "kopfzeile" }
    { "/home/ada/code/mail" "Bounce handling"
      ask "Hard bounces are retried for five days. Suppress the addresses after the first one."
      remembered "suppress bounces retried" code "suppressionList" "mail/bounce.py"
      ran "python -m mail.replay samples/bounces.mbox" "bounces.mbox" printed "550 5.1.1 user unknown, scheduling retry 14"
      said "Permanent failures put the address onto the suppression list; soft ones are retried with growing pauses." rare "permanent" }
    { "/home/ada/code/maps" "Tiles at the date line"
      ask "Routes that cross the date line are drawn around the whole world. Split them at the antimeridian."
      remembered "date line routes drawn" code "splitAtAntimeridian" "src/geo/antimeridian.ts"
      ran "node scripts/render.mjs fixtures/fiji.geojson" "fiji" printed "bbox wider than 180 degrees: [-179.9, 179.8]"
      said "Lines are cut where longitudes jump by more than half the globe, and the parts are drawn as a multi line." rare "longitudes" }
    { "/home/ada/code/maps" "Geocoder cache"
      ask "The geocoder answers the same address again and again. Cache it, and forget entries after a month."
      remembered "geocoder address forget" code "geocodeCacheTtl" "src/geo/cache.ts"
      ran "redis-cli --bigkeys" "bigkeys" printed "ERR maxmemory reached, 0 keys with expiry"
      said "Answers are kept for thirty days under the normalised address; the hit rate is eighty percent." rare "normalised" }
    { "/home/ada/code/vision" "Blurry thumbnails"
      ask "Thumbnails of scanned pages are blurry. Use a better filter when scaling down."
      remembered "blurry scanned scaling" code "lanczosResample" "src/image/resample.rs"
      ran "cargo bench resample" "resample" printed "ssim 0.71 below threshold 0.90 for page-3.png"
      said "Bilinear sampling skipped pixels; Lanczos over linear light keeps the strokes sharp." rare "lanczos" }
    { "/home/ada/code/vision" "Memory of the model server"
      ask "The model server is killed by the kernel after a few hours. Does it leak GPU or host memory?"
      remembered "kernel killed leak server" code "pinnedBufferArena" "serve/buffers.py"
      ran "dmesg | grep -i oom && nvidia-smi" "nvidia-smi" printed "Out of memory: Killed process 4171 (python) total-vm:91288kB"
      said "Pinned host buffers were never returned after a cancelled request; an arena bounds them to two gigabytes." rare "cancelled" }
    { "/home/ada/code/shop" "Migration of orders"
      ask "Move the orders table to partitions by month without downtime."
      remembered "partitions downtime orders" code "partitionBackfill" "migrations/0042_partition_orders.sql"
      ran "psql -f migrations/0042_partition_orders.sql" "0042_partition_orders" printed "ERROR: deadlock detected; process 812 waits for ShareLock on transaction 99121"
      said "New rows go to partitions by a trigger, old ones are copied in batches, and the names are swapped in one transaction." rare "swapped" }
    { "/home/ada/code/shop" "Cart race"
      ask "Two clicks on the button put the article into the cart twice. Make adding idempotent."
      remembered "twice clicks cart" code "idempotencyKey" "api/cart/add.ts"
      ran "npx playwright test cart-double-click" "cart-double-click" printed "expected 1 line item, received 2"
      said "The request carries a key of the click; a repeated one answers with the first result." rare "repeated" }
    { "/home/ada/code/shop" "결제 오류"
      ask "결제 페이지에서 한글 주소를 입력하면 오류가 납니다. 원인을 찾아 주세요."
      remembered "결제 주소를" code "normalizeAddress" "api/checkout/address.ts"
      ran "npm test -- address.hangul" "hangul" printed "URIError: URI malformed at decodeURIComponent"
      said "주소를 두 번 디코딩하고 있었습니다. 한 번만 디코딩하도록 고쳤습니다." rare "디코딩하고" }
    { "/home/ada/code/gateway" "Retry storm"
      ask "When one backend is slow the gateway retries so much that all of them fail. Add a retry budget and jitter."
      remembered "jitter retries backend" code "retryBudgetLimiter" "src/proxy/retry.rs"
      ran "k6 run load/slow_backend.js" "slow_backend" printed "http_req_failed 83.20% retries 41210 in 60s"
      said "Retries are limited to a tenth of the requests and spread by jitter; a slow backend is ejected for a minute." rare "ejected" }
}
