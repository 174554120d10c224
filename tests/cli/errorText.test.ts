import assert from "node:assert/strict";
import { errorText } from "../../cli/errorText.ts";

describe("errors on the command line", () => {
  it("say what is wrong, without a stack", () => {
    assert.equal(errorText(new Error("no such stack")), "error: no such stack");
    assert.equal(errorText("odd"), "error: odd");
  });

  it("of our own making keep their stack", () => {
    const text = errorText(new TypeError("x is not a function"));
    assert.match(text, /bug in Quorum[\s\S]*x is not a function\n\s+at .*errorText\.test\.ts/);
  });
});
