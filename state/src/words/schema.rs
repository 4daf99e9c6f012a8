//! Tables of the word index.
//!
//! Two full-text tables without contents or positions, the places of their documents, and their common vocabulary.

/// Statements that create the tables of this module.
///
/// Documents arrive as space-separated tokens that the `ascii` tokenizer takes as they are. `detail=none` keeps one
/// bit of knowledge per word and document. Documents are numbered without gaps, in order of arrival: numbers made of
/// rollout and offset would cost three times the space, since an index stores their differences. The vocabulary repeats
/// every token once, so that pieces of tokens can be looked up without decoding the full-text index. A transaction may
/// gather 8 MB before it writes a segment.
///
/// What was done (everything but messages) has documents, numbers and checkpoints of its own: searches in messages alone do not
/// wait for it, and pay nothing for it. Its documents are found by their numbers only; those of a rollout lie between two.
pub const SCHEMA: &str = "
CREATE VIRTUAL TABLE words_said USING fts5 (
    tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
CREATE VIRTUAL TABLE words_hidden USING fts5 (
    tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
INSERT INTO words_said (words_said, rank) VALUES ('hashsize', 8000000);
INSERT INTO words_hidden (words_hidden, rank) VALUES ('hashsize', 8000000);
CREATE TABLE word_documents (
    document_num INTEGER PRIMARY KEY,
    place INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TABLE word_rollouts (
    rollout_key INTEGER PRIMARY KEY,
    first_document INTEGER NOT NULL,
    last_document INTEGER NOT NULL,
    last_place INTEGER NOT NULL,
    is_ordered INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE words_done USING fts5 (
    tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
INSERT INTO words_done (words_done, rank) VALUES ('hashsize', 8000000);
CREATE TABLE done_documents (
    document_num INTEGER PRIMARY KEY,
    place INTEGER NOT NULL
) STRICT;
CREATE TABLE done_rollouts (
    rollout_key INTEGER PRIMARY KEY,
    done_offset INTEGER NOT NULL,
    first_document INTEGER,
    last_document INTEGER
) STRICT;
CREATE TABLE word_tokens (
    token_num INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE word_pieces USING fts5 (
    token, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
);
";
