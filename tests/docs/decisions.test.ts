import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "..", "..", "docs", "decisions");

describe("decisions", () => {
  const files = readdirSync(folder).toSorted();
  const numbers = files.map((file) => file.slice(0, 4));

  it("have numbers of their own", () => {
    assert.deepEqual(numbers, [...new Set(numbers)]);
  });

  for (const file of files)
    it(`${file} says its number in its heading`, () => {
      const [heading = ""] = readFileSync(path.join(folder, file), "utf8").split("\n");
      assert.match(heading, new RegExp(`^# ${file.slice(0, 4)}: \\S`));
    });
});
