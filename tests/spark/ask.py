"""Ask the questions of docs/scale.md as its part says: ask.py DuckDB|PySpark DATA.

Prints one JSON line: the rows of each question, how many rows each view has, and how columns are typed.
"""

import datetime
import json
import re
import sys

engine, data = sys.argv[1:]
page = open("docs/scale.md", encoding="utf-8").read()
part = page.split(f"\n### {engine}\n")[1]
code = re.search(r"```python\n(.*?)```", part, re.S)[1]
names = {}
exec(code.replace('data = "data"', f"data = {data!r}"), names)
ask = names["ask"]


def plain(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    # Sums of fractions depend on the order of their parts.
    return float(f"{value:.9g}") if isinstance(value, float) else value


def views():
    if engine == "PySpark":
        return [table.name for table in names["spark"].catalog.listTables()]
    return [name for (name,) in ask("SELECT view_name FROM duckdb_views() WHERE NOT internal")]


def types():
    columns = {
        "posts": ["date", "reference_time", "langs", "like_count", "passed_filters"],
        "dictionary": ["category_scores", "word_count", "label_prob"],
    }
    if engine == "PySpark":
        found = {view: dict(names["spark"].table(view).dtypes) for view in columns}
    else:
        found = {
            view: {name: kind for name, kind, *_ in ask(f"DESCRIBE {view}")} for view in columns
        }
    return {f"{view}.{name}": found[view][name] for view in columns for name in columns[view]}


questions = re.findall(r"```sql\n(.*?)```", page, re.S)
answers = [[[plain(value) for value in row] for row in ask(question)] for question in questions]
counts = {view: ask(f"SELECT count(*) AS n FROM {view}")[0][0] for view in sorted(views())}
print(json.dumps({"questions": questions, "answers": answers, "counts": counts, "types": types()}))
