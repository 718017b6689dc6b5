import assert from "node:assert/strict";
import { mergeDeclarations } from "../../../notebooks/render/declaration.ts";

Deno.test("a name that only one cell declares stays as it is declared", () => {
  for (
    const cells of [
      ["const a = 1;", "let b = a;", "function c() {}", "class D {}"],
      ["const a = { b: 1 },\n  c = (d) => d;", "const b = 1;\nconst d = 2;"],
      ["const a = f()\nb = 1", "const b = 2"],
      ["for (const a of b) { const c = a; }", "const a = 1, c = 2;", "if (a) { let a; }"],
      ["const t = `${[1].map((x) => { const a = x; return '}' })} const a`; /* let a */", "let a;"],
      ['const r = /const a = "/g; // const a', "const q = '\\' const a';", "const a = 6 / 2 / 1;"],
      ["const s = 1 as const\nlet a = /[/]{/;", "const s2 = { const: 1 }.const;"],
      ["const f = function a() {};", "const a = 1;"],
    ]
  ) assert.deepEqual(mergeDeclarations(cells), cells);
});

Deno.test("a name that two cells declare becomes one variable, whatever declares it", () => {
  const becomes = (cells: string[], expected: string[]) =>
    assert.deepEqual(mergeDeclarations(cells), expected);
  becomes(
    ["const a = 1;\nlet b = 2;", "// again\nconst a: number = a + 1;"],
    ["var a = 1;\nlet b = 2;", "// again\nvar a: number = a + 1;"],
  );
  becomes(
    ["const { a, x: b = 1 } = f(), [c, ...d] = g();", "const b = 1", "let z = 1,\n  d = 2"],
    ["var { a, x: b = 1 } = f(), [c, ...d] = g();", "var b = 1", "var z = 1,\n  d = 2"],
  );
  becomes(
    ["class A {}\nf()", "class A extends B { c() { return {}; } }\nf()"],
    ["var A = class A {};\nf()", "var A = class A extends B { c() { return {}; } };\nf()"],
  );
  becomes(
    ["async function g(): { a: 1 } { if (a) {} }", "let g = 1", "function* g<T>(a: {}) {\n}"],
    [
      "var g = async function g(): { a: 1 } { if (a) {} };",
      "var g = 1",
      "var g = function* g<T>(a: {}) {\n};",
    ],
  );
  // A text of many lines, an escape and a division leave the rest of the cell readable.
  becomes(
    ["const s = `a\n${b ? `${c}` : '`'}\\``;\nlet a = (1) / 2; // '", "let a = `"],
    ["const s = `a\n${b ? `${c}` : '`'}\\``;\nvar a = (1) / 2; // '", "var a = `"],
  );
});
