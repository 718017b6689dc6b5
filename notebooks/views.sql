-- The views that analyses use: one a table, days as DATE, times in UTC.
--
-- Paths are relative to the data folder, and every statement stands alone, so that a table without
-- files (nothing labelled yet) costs only its own view. The notebooks read this file; so can you.
--
-- Python:
--   import duckdb
--   con = duckdb.connect()
--   con.execute("SET file_search_path = 'data'")
--   for statement in open("notebooks/views.sql").read().split(";\n"):
--       try:
--           con.execute(statement)
--       except (duckdb.IOException, duckdb.CatalogException) as missing:
--           print(missing)
--   con.sql("SELECT date, count(*) FROM posts GROUP BY date ORDER BY date").df()
--
-- R:
--   con <- DBI::dbConnect(duckdb::duckdb())
--   DBI::dbExecute(con, "SET file_search_path = 'data'")
--   for (statement in strsplit(paste(readLines("notebooks/views.sql"), collapse = "\n"), ";\n")[[1]])
--     if (grepl("CREATE", statement)) try(DBI::dbExecute(con, statement))
--   DBI::dbGetQuery(con, "SELECT date, count(*) AS n FROM posts GROUP BY date ORDER BY date")

-- One row per post, whatever brought it; flag_<filter> says why it would be left out.
CREATE OR REPLACE VIEW posts AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('posts/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- What each label set is; is_shown marks the one that the views without "labels_" show.
CREATE OR REPLACE VIEW label_sets AS
SELECT * FROM read_parquet('label_sets/*.parquet', union_by_name = true);

-- Every label of the dictionary, of all its label sets: never count across label sets.
CREATE OR REPLACE VIEW labels_dictionary AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('labels/dictionary/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- The dictionary's labels of the label set that is shown.
CREATE OR REPLACE VIEW dictionary AS
SELECT * FROM labels_dictionary
WHERE label_set_id IN (
  SELECT label_set_id FROM label_sets WHERE classifier = 'dictionary' AND is_shown
);

-- Every post with what the shown dictionary says of it; the added columns are null where it was not
-- labelled. A label belongs to a post as it read then: same day, uri and cid; a label of a post that
-- had no cid (an import) belongs to it by uri and text. Which labels are of the post as it reads is
-- found first: as a condition of the left join it would compare every post with every label.
CREATE OR REPLACE VIEW posts_dictionary AS
SELECT
  posts.*,
  dictionary.label_set_id,
  dictionary.was_successfully_labeled,
  dictionary.reason,
  dictionary.label_timestamp,
  dictionary.label_prob,
  dictionary.is_political,
  dictionary.categories,
  dictionary.category_scores,
  dictionary.score,
  dictionary.word_count
FROM posts LEFT JOIN (
  SELECT dictionary.*
  FROM dictionary JOIN posts AS labelled
    ON dictionary.date = labelled.date
    AND dictionary.uri = labelled.uri
  WHERE CASE
    WHEN dictionary.cid IS NULL THEN dictionary.text_hash = labelled.text_hash
    ELSE dictionary.cid = labelled.cid
  END
) AS dictionary
  ON dictionary.date = posts.date
  AND dictionary.uri = posts.uri;

-- Every label of Perspective, of all its label sets (another server is another label set): never count
-- across label sets. Another scorer of the same attributes has a classifier's name of its own, and
-- so views of its own: copy these three and write its name for "perspective".
CREATE OR REPLACE VIEW labels_perspective AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('labels/perspective/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- Perspective's labels of the label set that is shown.
CREATE OR REPLACE VIEW perspective AS
SELECT * FROM labels_perspective
WHERE label_set_id IN (
  SELECT label_set_id FROM label_sets WHERE classifier = 'perspective' AND is_shown
);

-- Every post with the probabilities that the shown Perspective gives it, joined as posts_dictionary.
-- Labelled posts are a sample: a mean is sum(weight * prob_toxic) / sum(weight) over rows that have
-- both. weight, 1 / label_prob, is null where nobody knows for how many posts a label stands.
CREATE OR REPLACE VIEW posts_perspective AS
SELECT
  posts.*,
  perspective.label_set_id,
  perspective.was_successfully_labeled,
  perspective.reason,
  perspective.label_timestamp,
  perspective.label_prob,
  1 / perspective.label_prob AS weight,
  perspective.prob_toxic,
  perspective.prob_severe_toxic,
  perspective.prob_identity_attack,
  perspective.prob_insult,
  perspective.prob_profanity,
  perspective.prob_threat,
  perspective.prob_sexually_explicit,
  perspective.prob_flirtation,
  perspective.prob_spam,
  perspective.prob_affinity,
  perspective.prob_compassion,
  perspective.prob_curiosity,
  perspective.prob_nuance,
  perspective.prob_personal_story,
  perspective.prob_reasoning,
  perspective.prob_respect,
  perspective.prob_alienation,
  perspective.prob_fearmongering,
  perspective.prob_generalization,
  perspective.prob_moral_outrage,
  perspective.prob_scapegoating,
  perspective.prob_constructive
FROM posts LEFT JOIN (
  SELECT perspective.*
  FROM perspective JOIN posts AS labelled
    ON perspective.date = labelled.date
    AND perspective.uri = labelled.uri
  WHERE CASE
    WHEN perspective.cid IS NULL THEN perspective.text_hash = labelled.text_hash
    ELSE perspective.cid = labelled.cid
  END
) AS perspective
  ON perspective.date = posts.date
  AND perspective.uri = posts.uri;

-- What language models say of posts, by all label sets (another model, codebook or prompt is another
-- one): never count across label sets. Replies that were imported are label sets here too.
CREATE OR REPLACE VIEW labels_sociopolitical AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('labels/sociopolitical/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- The language model's labels of the label set that is shown.
CREATE OR REPLACE VIEW sociopolitical AS
SELECT * FROM labels_sociopolitical
WHERE label_set_id IN (
  SELECT label_set_id FROM label_sets WHERE classifier = 'sociopolitical' AND is_shown
);

-- Every post with what the shown label set says of it, joined as posts_dictionary. lean is null where
-- the post is not sociopolitical. Labelled posts are a sample: weigh them as in posts_perspective.
CREATE OR REPLACE VIEW posts_sociopolitical AS
SELECT
  posts.*,
  sociopolitical.label_set_id,
  sociopolitical.was_successfully_labeled,
  sociopolitical.reason,
  sociopolitical.label_timestamp,
  sociopolitical.label_prob,
  1 / sociopolitical.label_prob AS weight,
  sociopolitical.is_sociopolitical,
  sociopolitical.lean,
  sociopolitical.reason_text,
  sociopolitical.context_kinds
FROM posts LEFT JOIN (
  SELECT sociopolitical.*
  FROM sociopolitical JOIN posts AS labelled
    ON sociopolitical.date = labelled.date
    AND sociopolitical.uri = labelled.uri
  WHERE CASE
    WHEN sociopolitical.cid IS NULL THEN sociopolitical.text_hash = labelled.text_hash
    ELSE sociopolitical.cid = labelled.cid
  END
) AS sociopolitical
  ON sociopolitical.date = posts.date
  AND sociopolitical.uri = posts.uri;

-- Attributes of posts as language models score them, by all label sets: never count across label sets.
-- A codebook names its own, so a column is null in label sets whose codebook does not have it.
CREATE OR REPLACE VIEW labels_attributes AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('labels/attributes/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- The language model's scores of the label set that is shown.
CREATE OR REPLACE VIEW attributes AS
SELECT * FROM labels_attributes
WHERE label_set_id IN (
  SELECT label_set_id FROM label_sets WHERE classifier = 'attributes' AND is_shown
);

-- Every post with the scores that the shown label set gives it, joined as posts_dictionary. They are
-- not Perspective's probabilities. Labelled posts are a sample: weigh them as in posts_perspective.
CREATE OR REPLACE VIEW posts_attributes AS
SELECT
  posts.*,
  attributes.label_set_id,
  attributes.was_successfully_labeled,
  attributes.reason,
  attributes.label_timestamp,
  attributes.label_prob,
  1 / attributes.label_prob AS weight,
  attributes.context_kinds,
  COLUMNS('^score_')
FROM posts LEFT JOIN (
  SELECT attributes.*
  FROM attributes JOIN posts AS labelled
    ON attributes.date = labelled.date
    AND attributes.uri = labelled.uri
  WHERE CASE
    WHEN attributes.cid IS NULL THEN attributes.text_hash = labelled.text_hash
    ELSE attributes.cid = labelled.cid
  END
) AS attributes
  ON attributes.date = posts.date
  AND attributes.uri = posts.uri;

-- Labels that people gave, one row a coder and post; `labels` maps a question to its answer.
CREATE OR REPLACE VIEW labels_human AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('labels/human/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- What people said, of the label set that is shown.
CREATE OR REPLACE VIEW human AS
SELECT * FROM labels_human
WHERE label_set_id IN (
  SELECT label_set_id FROM label_sets WHERE classifier = 'human' AND is_shown
);

-- Every post with the answers of its coders: `labels` maps a question to the answer that most of them
-- gave, and has none on which they are split. Labels that people gave lie under the day of their file
-- until preprocess has found their post, so that uri and text (and cid, where the file has one) alone say
-- to which post they belong. Nobody knows how likely a post was to be coded: label_prob is null.
CREATE OR REPLACE VIEW posts_human AS
WITH given AS (
  SELECT label_set_id, uri, text_hash, coder, unnest(map_entries(labels)) AS answered FROM human
  WHERE was_successfully_labeled
),
counted AS (
  SELECT label_set_id, uri, text_hash, answered.key AS question, answered.value AS answer,
    count(DISTINCT coalesce(coder, '')) AS coders
  FROM given GROUP BY ALL
),
most AS (
  SELECT label_set_id, uri, text_hash, question, max(coders) AS coders FROM counted GROUP BY ALL
),
agreed AS (
  SELECT label_set_id, uri, text_hash, question, any_value(answer) AS answer
  FROM counted JOIN most USING (label_set_id, uri, text_hash, question, coders)
  GROUP BY ALL HAVING count(*) = 1
),
coded AS (
  SELECT label_set_id, uri, text_hash, max(cid) AS cid, max(label_timestamp) AS label_timestamp,
    count(DISTINCT coalesce(coder, '')) AS coders
  FROM human WHERE was_successfully_labeled GROUP BY ALL
),
answers AS (
  SELECT label_set_id, uri, text_hash,
    map(list(question ORDER BY question), list(answer ORDER BY question)) AS labels
  FROM agreed GROUP BY ALL
)
SELECT
  posts.*,
  coded.label_set_id,
  CASE WHEN coded.uri IS NOT NULL THEN true END AS was_successfully_labeled,
  NULL::VARCHAR AS reason,
  coded.label_timestamp,
  NULL::DOUBLE AS label_prob,
  coded.coders,
  answers.labels
FROM posts
LEFT JOIN coded ON coded.uri = posts.uri AND coded.text_hash = posts.text_hash
  AND coalesce(coded.cid = posts.cid, true)
LEFT JOIN answers ON answers.uri = coded.uri AND answers.text_hash = coded.text_hash;

-- Hourly cells with the sums that interval estimates need; files of earlier versions lack the last
-- four columns until the next `deno task aggregate`.
CREATE OR REPLACE VIEW aggregates AS
SELECT * REPLACE (CAST(date AS DATE) AS date) FROM (
  SELECT * FROM read_parquet('aggregates/*/*.parquet', hive_partitioning = true, union_by_name = true)
  UNION ALL BY NAME
  (SELECT NULL::DOUBLE AS sum_w_w, NULL::DOUBLE AS sum_failed, NULL::BIGINT AS n_unsampled,
    NULL::BIGINT AS n_authors_labeled LIMIT 0)
);

-- What was received per minute; rows of one minute add up.
CREATE OR REPLACE VIEW coverage AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('coverage/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- The hours that each stream was to collect; window_prob is null where a person chose them.
CREATE OR REPLACE VIEW windows AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('windows/*/*.parquet', hive_partitioning = true, union_by_name = true);

-- How likely each hour of a stream was to be drawn; null where a person chose it. Where hours were drawn
-- a post of theirs stands for 1 / window_prob posts of the stream, beside what its label stands for:
-- join source, and opens_at with date_trunc('hour', reference_time).
CREATE OR REPLACE VIEW drawn_hours AS
SELECT source, opens_at, max(window_prob) AS window_prob FROM windows GROUP BY source, opens_at;

-- One row a run of a task, there from its start.
CREATE OR REPLACE VIEW runs AS
SELECT * REPLACE (CAST(date AS DATE) AS date)
FROM read_parquet('runs/*/*.parquet', hive_partitioning = true, union_by_name = true);
