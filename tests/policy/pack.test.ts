import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { rules } from "../../policy/rules/index.ts";
import { eksPlan, type PlannedState } from "../support/plannedGraph.ts";

const require = createRequire(import.meta.url);
const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");
const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const root = new URL("../../", import.meta.url).pathname;

interface Diagnostic {
  policyname: string;
  message: string;
}

/** The pack as the CLI starts it, asked over the CLI's own protocol. */
describe("the policy pack, served as the Pulumi CLI starts it", function () {
  this.timeout(120_000);
  let child: ChildProcess;
  // biome-ignore lint/suspicious/noExplicitAny: the stubs of the protocol carry no usable types
  let client: any;

  before(async () => {
    child = spawn(
      process.execPath,
      [
        require.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js"),
        "127.0.0.1:1",
        `${root}policy`,
      ],
      { cwd: `${root}policy`, stdio: ["ignore", "pipe", "inherit"] },
    );
    assert.ok(child.stdout);
    const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });

  after(async () => {
    client?.close();
    if (child.exitCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
  });

  function resource(state: PlannedState) {
    const made = new messages.AnalyzerResource();
    made.setUrn(state.urn);
    made.setType(state.type);
    made.setName(state.urn.slice(state.urn.lastIndexOf("::") + 2));
    made.setProperties(Struct.fromJavaScript(state.inputs));
    const options = new messages.AnalyzerResourceOptions();
    options.setProtect(state.protect);
    made.setOptions(options);
    return made;
  }

  function call(method: "analyze" | "analyzeStack" | "getAnalyzerInfo", request: unknown) {
    return new Promise<unknown>((resolve, reject) => {
      client[method](request, (error: Error | null, reply: { toObject(): unknown }) => {
        if (error) reject(error);
        else resolve(reply.toObject());
      });
    });
  }

  async function found(state: PlannedState): Promise<string[]> {
    const request = new messages.AnalyzeRequest();
    const made = resource(state);
    for (const key of ["Urn", "Type", "Name", "Properties", "Options"]) {
      request[`set${key}`](made[`get${key}`]());
    }
    const reply = (await call("analyze", request)) as { diagnosticsList: Diagnostic[] };
    return reply.diagnosticsList.map(({ policyname, message }) => `${policyname}: ${message}`);
  }

  it("offers every rule", async () => {
    const reply = (await call("getAnalyzerInfo", new Empty())) as {
      policiesList: { name: string }[];
    };
    const names = reply.policiesList.map(({ name }) => name);
    assert.deepEqual(names.sort(), rules.map(({ name }) => name).sort());
  });

  it("reports a resource that breaks a rule and passes one that keeps it", async () => {
    const plan = eksPlan();
    const type = "aws:ebs/volume:Volume";
    plan.add(type, "clear", { encrypted: false }, { protect: true });
    plan.add(type, "sound", { encrypted: true }, { protect: true });
    const [clear] = await found(plan.named("clear"));
    assert.match(clear ?? "", /^encryption-at-rest: [\s\S]*it is not encrypted: set encrypted/);
    assert.deepEqual(await found(plan.named("sound")), []);
  });

  it("judges quorums over the whole stack", async () => {
    const plan = eksPlan();
    for (const machine of ["etcd-1", "etcd-2"]) {
      plan.add("quorum:hosts:Machine", machine, { machine, zone: "a", roles: ["etcd"] });
    }
    const request = new messages.AnalyzeStackRequest();
    request.setResourcesList([plan.named("etcd-1"), plan.named("etcd-2")].map(resource));
    const reply = (await call("analyzeStack", request)) as { diagnosticsList: Diagnostic[] };
    assert.deepEqual(
      [...new Set(reply.diagnosticsList.map(({ policyname }) => policyname))],
      ["odd-quorum"],
    );
  });
});
