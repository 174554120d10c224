import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { labDir } from "../../lab/paths.ts";
import { readLabStack } from "../../lab/stackFile.ts";
import {
  forgetStack,
  projectDir,
  quorum,
  stateDir,
  testLabName,
  writeStack,
} from "./support/testLab.ts";
import { tracesOf } from "./support/traces.ts";

/** The last of the files: what the others have brought up goes away here, and nothing stays. */
describe("down", function () {
  this.timeout(300_000);
  after(() => forgetStack());

  it("leaves no process, mount, namespace, interface or file that the lab made", async function () {
    if (!existsSync(labDir(testLabName))) this.skip();
    writeStack();
    const machines = Object.keys(readLabStack(testLabName, projectDir).spec.hosts);
    assert.notDeepEqual(await tracesOf(testLabName, machines), [], "there is something to remove");
    await quorum(["lab", "down", "--stack", testLabName]);
    assert.deepEqual(await tracesOf(testLabName, machines), []);
    const state = existsSync(stateDir)
      ? readdirSync(stateDir, { recursive: true, encoding: "utf8" })
      : [];
    assert.deepEqual(
      state.filter((file) => file.includes(`${testLabName}.json`)),
      [],
    );
  });
});
