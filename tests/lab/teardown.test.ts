import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { labDir } from "../../lab/paths.ts";
import { testLab } from "./support/testLab.ts";
import { tracesOf } from "./support/traces.ts";

/** The last of the files: what the others have brought up goes away here, and nothing stays. */
describe("down", function () {
  this.timeout(300_000);

  it("leaves no process, mount, namespace, interface or file that the lab made", async function () {
    if (!existsSync(labDir(testLab.name))) this.skip();
    const machines = testLab.planned().names;
    assert.notDeepEqual(await tracesOf(testLab.name, machines), [], "there is something to remove");
    await testLab.down();
    assert.deepEqual(await tracesOf(testLab.name, machines), []);
  });
});
