import assert from "node:assert/strict";
import { fill, shellVariables, text } from "../../../design/render/template.ts";

const templates = new Map([
  ["a/unit", "name @NAME@, again @NAME@, port @PORT@; mail@example.org\n"],
]);

describe("template", () => {
  it("replaces every placeholder and leaves other at-signs alone", () => {
    const filled = fill(templates, "a/unit", { NAME: "etcd-a", PORT: 2379 });
    assert.equal(filled, "name etcd-a, again etcd-a, port 2379; mail@example.org\n");
  });

  it("does not take a value for a template", () => {
    const filled = fill(templates, "a/unit", { NAME: "@PORT@", PORT: 1 });
    assert.match(filled, /^name @PORT@, again @PORT@, port 1;/);
  });

  it("refuses a placeholder without a value, a value without a placeholder, and an unknown file", () => {
    assert.throws(() => fill(templates, "a/unit", { NAME: "x" }), /asks for PORT/);
    assert.throws(
      () => fill(templates, "a/unit", { NAME: "x", PORT: 1, HOST: "y", ZONE: "z" }),
      /does not use HOST, ZONE/,
    );
    assert.throws(() => text(templates, "a/other"), /no template a\/other/);
  });

  it("writes variables that a shell reads as they were, and refuses what it would interpret", () => {
    assert.equal(shellVariables({ A: "x y", B: 3, C: "" }), 'A="x y"\nB="3"\nC=""\n');
    for (const value of ["$(id)", "`id`", 'a"b', "a\\b", "a\nb"]) {
      assert.throws(() => shellVariables({ KEY: value }), /KEY cannot be put/);
    }
  });
});
