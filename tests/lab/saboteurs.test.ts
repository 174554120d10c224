import assert from "node:assert/strict";
import {
  catalogue,
  faultThatDoesNothing,
  powerCutOfAllMembers,
} from "../../lab/faults/catalogue.ts";
import type { FaultCluster } from "../../lab/faults/fault.ts";
import { type FaultResult, runFault } from "../../lab/faults/runFault.ts";
import { takeDown } from "../../lab/machines.ts";
import { bootEtcdTrio } from "./support/etcdTrio.ts";

const name = "saboteurs";
const seed = 1;
const shortly = { seed, holdSeconds: 8 };

function said(result: FaultResult): string {
  return `${result.verdict}: ${result.reasons.join("; ")} (${result.proof || "no proof"})`;
}

describe("the fault runner", function () {
  this.timeout(600_000);

  describe("on a sound etcd", () => {
    let cluster: FaultCluster;
    before(async () => {
      await takeDown(name);
      cluster = await bootEtcdTrio(name);
    });
    after(() => takeDown(name));

    const faultNamed = (wanted: string) => {
      const found = catalogue(cluster.lab).find((fault) => fault.name === wanted);
      assert.ok(found, `the catalogue has ${wanted}`);
      return found;
    };

    it("passes a leader that is killed, with its proof and at least 50 requests a second", async () => {
      const result = await runFault(cluster, faultNamed("etcd-leader-kill"), shortly);
      assert.equal(result.verdict, "pass", said(result));
      assert.ok(result.rateBefore >= 50 && result.acknowledgedWrites > 0, said(result));
    });

    it("passes a power cut of all members: what was acknowledged had been synced", async () => {
      const result = await runFault(cluster, powerCutOfAllMembers, shortly);
      assert.equal(result.verdict, "pass", said(result));
    });

    it("calls a fault that does nothing void", async () => {
      const result = await runFault(cluster, faultThatDoesNothing, shortly);
      assert.equal(result.verdict, "void", said(result));
    });

    for (const forget of ["writes", "records"] as const) {
      it(`fails a client that forgets ${forget}`, async () => {
        const result = await runFault(cluster, faultNamed("etcd-a-kill"), { ...shortly, forget });
        assert.equal(result.verdict, "fail", said(result));
      });
    }
  });

  describe("on an etcd with --unsafe-no-fsync", () => {
    let cluster: FaultCluster;
    before(async () => {
      await takeDown(name);
      cluster = await bootEtcdTrio(name, "--unsafe-no-fsync");
    });
    after(() => takeDown(name));

    it("fails a power cut of all members", async () => {
      const impatient = { ...powerCutOfAllMembers, recoverSeconds: 20 };
      const result = await runFault(cluster, impatient, shortly);
      assert.equal(result.verdict, "fail", said(result));
      assert.notEqual(result.proof, "", "the power cut has its proof all the same");
    });
  });
});
