import assert from "node:assert/strict";
import { judgeUpdate } from "../../cli/gate.ts";
import { diagram } from "../../proof/diagram.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { prove } from "../../proof/prove.ts";
import { html } from "../../proof/report/html.ts";
import { json } from "../../proof/report/json.ts";
import { markdown } from "../../proof/report/markdown.ts";
import { exitCode, type Report } from "../../proof/report/report.ts";
import { table } from "../../proof/report/table.ts";
import { RequirementError, requiredByStack, requirementsOf } from "../../proof/requirements.ts";
import { label } from "../../proof/scenarios.ts";
import { checkTransition } from "../../proof/transition.ts";
import {
  addWorkload,
  eksPlan,
  hostsPlan,
  type Plan,
  previewOfChange,
} from "../support/plannedGraph.ts";

function reportOf(plan: Plan, before?: Plan): Report {
  const graph = graphOf(before ? previewOfChange(before, plan) : plan.preview());
  const model = modelOf(graph);
  return { stack: "test", model, proof: prove(model), findings: checkTransition(graph) };
}

function sabotaged(): Plan {
  const plan = hostsPlan();
  plan.named("etcd-3").inputs.zone = "b";
  return plan;
}

const sentence = "losing zone b takes etcd-2 and etcd-3: 1 of 3 voters left, 2 needed";

describe("reports of a proof", () => {
  it("the table names the counter-example, its fix and the conclusion", () => {
    const text = table(reportOf(sabotaged()));
    assert.ok(text.includes(`etcd-quorum: ${sentence}`));
    assert.ok(text.includes("fix: put at most 1 member into one zone"));
    assert.ok(text.endsWith("1 of 5 required claims is refuted."));
  });

  it("the comment starts with what is broken and fits one screen", () => {
    const text = markdown(reportOf(sabotaged()));
    const [shown = ""] = text.split("<details>");
    assert.ok(shown.startsWith("### 🔴 Proof of stack `test`"));
    assert.ok(shown.includes(sentence));
    assert.ok(shown.split("\n").length <= 25);
  });

  it("the comment for a pool that moves to one zone shows the claims and why on one screen", () => {
    const moved = eksPlan();
    for (const name of ["general-b", "general-c"]) moved.remove(name);
    moved.named("general-a").inputs.scalingConfig = { desiredSize: 6, maxSize: 6 };
    const [shown = ""] = markdown(reportOf(moved, eksPlan())).split("<details>");
    assert.ok(shown.includes("- **capacity** (holds today): losing eu-west-1a"));
    assert.ok(shown.includes("Fix: let pool general stand in more zones (pools.general.zones)."));
    assert.equal(shown.split("losing eu-west-1a takes").length, 2, "said once");
    assert.ok(shown.split("\n").length <= 15);
  });

  it("a failure is always named with what it is", () => {
    assert.equal(label({ kind: "disk", name: "of stack-disks-a#1" }), "disk of stack-disks-a#1");
    assert.equal(
      label({ kind: "load-balancer", name: "on load-balancer-1" }),
      "load-balancer on load-balancer-1",
    );
    assert.equal(label({ kind: "nat", name: "stack-nat-a" }), "stack-nat-a");
    assert.equal(label({ kind: "nat", name: "signature-a" }), "nat signature-a");
  });

  it("what does not fit with nothing lost is blamed on no failure", () => {
    const plan = eksPlan();
    addWorkload(plan, "web", { cpu: "9" });
    const text = table(reportOf(plan));
    assert.ok(
      text.includes("   capacity: shop/web does not fit even with every machine alive"),
      text,
    );
  });

  it("the comment keeps names from being read as markup", () => {
    const plan = hostsPlan();
    const evil = "<img>|`x`*[a](b)";
    plan.named("etcd-3").inputs.zone = "b";
    plan.named("etcd-3").inputs.machine = evil;
    assert.ok(!markdown(reportOf(plan)).includes(evil));
  });

  it("the page and the picture keep names from being read as markup", () => {
    const plan = hostsPlan();
    plan.named("etcd-3").inputs.machine = "</script><script>alert(1)</script>";
    const report = reportOf(plan);
    assert.ok(!html(report).includes("<script>alert"));
    assert.ok(!diagram(report.model).includes("<script>"));
  });

  it("the page refers to nothing outside itself", () => {
    const text = html(reportOf(eksPlan())).replaceAll("http://www.w3.org/2000/svg", "");
    assert.doesNotMatch(text, /https?:|<link rel="stylesheet"|<script src|@import|url\(/);
  });

  it("the JSON names domains and carries the conclusion", () => {
    const document = JSON.parse(json(reportOf(sabotaged())));
    assert.equal(document.conclusion, "refuted");
    const zone = document.failures.find(({ name }: { name: string }) => name === "b");
    assert.equal(zone.kind, "zone");
    assert.equal(zone.outcomes["etcd-quorum"].verdict, "refuted");
  });

  it("the exit code is 0 when proven, 1 when refuted or refused, 2 when unknown", () => {
    assert.equal(exitCode(reportOf(hostsPlan())), 0);
    assert.equal(exitCode(reportOf(sabotaged())), 1);
    const moved = hostsPlan();
    for (const name of ["etcd-1", "etcd-2"]) moved.named(name).inputs.address = "192.0.2.9";
    assert.equal(exitCode(reportOf(moved, hostsPlan())), 1);
    const silent = hostsPlan();
    delete silent.named("worker-1").inputs.cpus;
    assert.equal(exitCode(reportOf(silent)), 2);
  });

  it("the picture shows every machine in its zone and strikes out what is lost", () => {
    const { model } = reportOf(hostsPlan());
    const zone = model.domains.find(({ kind, name }) => kind === "zone" && name === "a");
    const svg = diagram(model, new Set([zone?.id as number]));
    for (const name of ["etcd-1", "control-plane-2", "worker-3", "balancer-1", "192.0.2.100"]) {
      assert.ok(svg.includes(name), name);
    }
    assert.equal(svg.match(/class="part zone lost"/g)?.length, 1);
  });
});

describe("reports of what is unknown", () => {
  function silent(): Report {
    const plan = hostsPlan();
    delete plan.named("worker-1").inputs.cpus;
    return reportOf(plan);
  }
  const remedy = "set hosts.*.size of worker-1";

  it("say with every reason what would make it known", () => {
    for (const text of [table(silent()), html(silent())]) {
      assert.ok(text.includes("the plan does not say what machine worker-1 has"));
      assert.ok(text.includes(`to make it known: ${remedy}`), text);
    }
    assert.ok(
      markdown(silent()).includes("To make it known: set hosts.\\*.size of worker-1."),
      markdown(silent()),
    );
    assert.ok(json(silent()).includes(`"remedy": "${remedy}"`));
  });

  it("count one claim as one", () => {
    const report = silent();
    assert.equal(report.proof.unproven.length, 1);
    assert.match(table(report), /but 1 required claim is unknown, and unknown is not proven\.$/);
    const two = { ...report.proof, unproven: [...report.proof.unproven, ...report.proof.unproven] };
    assert.match(table({ ...report, proof: two }), /but 2 required claims are unknown/);
  });

  it("say why a claim that is not required does not hold for every pair", () => {
    const text = table(reportOf(eksPlan()));
    assert.match(
      text,
      /pairs of failures:\n[\s\S]*etcd-quorum: unknown: Amazon EKS promises the loss of 1 zone, not of 2\n {5}to make it known: /,
    );
  });

  it("refuse an update with the remedy", () => {
    const plan = hostsPlan();
    delete plan.named("worker-1").inputs.cpus;
    const { refused } = judgeUpdate(plan.preview());
    assert.ok(
      refused.some((line) => line.endsWith(`. Remedy: ${remedy}`)),
      refused.join("\n"),
    );
  });
});

describe("requirementsOf", () => {
  it("reads claims with and without a set of failures", () => {
    assert.deepEqual(requirementsOf(["etcd-quorum", "api-path:pair"]), [
      { claim: "etcd-quorum", set: "single" },
      { claim: "api-path", set: "pair" },
    ]);
    assert.equal(requirementsOf([]), undefined);
    assert.ok((requirementsOf(["all:roll"])?.length ?? 0) > 5);
  });

  it("takes what the stack's own configuration asks for", () => {
    const config = { "quorum:proof": JSON.stringify({ require: ["all", "etcd-quorum:pair"] }) };
    assert.deepEqual(requiredByStack({ config }), ["all", "etcd-quorum:pair"]);
    assert.deepEqual(requiredByStack({ config: {} }), []);
  });

  it("lists everything that is wrong at once", () => {
    assert.throws(
      () => requirementsOf(["etcd", "dns:always"]),
      (error: unknown) => {
        assert.ok(error instanceof RequirementError);
        assert.match(error.message, /there is no claim "etcd"/);
        assert.match(error.message, /"always" is not single, pair, roll/);
        return true;
      },
    );
  });
});
