import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { prove } from "../../proof/prove.ts";
import { html } from "../../proof/report/html.ts";
import { findChromium, Page } from "../support/chromium.ts";
import { hostsPlan } from "../support/plannedGraph.ts";

const pressed = `document.querySelector('.failures [aria-pressed="true"]').textContent`;
const lostParts = `[...document.querySelectorAll('.picture .part.lost title')].map((title) => title.textContent)`;

describe("the page of a proof, in a browser", function () {
  this.timeout(60_000);
  const chromium = findChromium();
  let folder: string;
  let page: Page;

  before(async function () {
    if (chromium === undefined) {
      console.warn("    SKIPPED: no Chromium on PATH; the page is not checked in a browser");
      this.skip();
    }
    const plan = hostsPlan();
    plan.named("etcd-3").inputs.zone = "b";
    const model = modelOf(graphOf(plan.preview()));
    const report = { stack: "lab", model, proof: prove(model), findings: [] };
    folder = mkdtempSync(path.join(tmpdir(), "quorum-page-"));
    writeFileSync(path.join(folder, "proof.html"), html(report));
    page = await Page.open(chromium, path.join(folder, "proof.html"));
  });

  after(async () => {
    await page?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it("opens on the first failure that breaks something and says why", async () => {
    assert.match(String(await page.evaluate(pressed)), /zone b/);
    const text = String(await page.evaluate("document.getElementById('left').innerText"));
    assert.match(text, /etcd-2, etcd-3 lost, 1 of 3 voters left, 2 needed/);
    assert.match(text, /at most 1 member into one zone/);
  });

  it("strikes out in the picture what the failure takes, and nothing else", async () => {
    const zone = ["zone b", "balancer-2", "control-plane-2", "etcd-2", "etcd-3", "worker-2"];
    assert.deepEqual(await page.evaluate(lostParts), zone);
  });

  it("moves from failure to failure by arrow keys", async () => {
    await page.evaluate(`document.querySelector('.failures [aria-pressed="true"]').focus()`);
    await page.press("ArrowDown");
    assert.match(String(await page.evaluate(pressed)), /zone c/);
    assert.match(String(await page.evaluate("document.activeElement.textContent")), /zone c/);
    await page.press("Home");
    assert.match(String(await page.evaluate(pressed)), /zone a/);
  });

  it("shows the loss of a part of the picture on a click", async () => {
    await page.evaluate(
      `[...document.querySelectorAll('.picture .part')].find((part) => part.textContent.includes('etcd-1')).dispatchEvent(new MouseEvent('click', { bubbles: true }))`,
    );
    assert.match(String(await page.evaluate(pressed)), /machine etcd-1/);
    assert.deepEqual(await page.evaluate(lostParts), ["etcd-1"]);
  });

  it("draws a counter-example of two failures at once", async () => {
    await page.evaluate(
      `[...document.querySelectorAll('button.show')].find((button) => button.dataset.text.includes('load balancer left') && button.dataset.domains.includes(' ')).click()`,
    );
    assert.deepEqual(await page.evaluate(lostParts), ["balancer-1", "balancer-2"]);
    const text = String(await page.evaluate("document.getElementById('left').innerText"));
    assert.match(text, /no load balancer left for the API/);
  });

  it("asks for nothing but itself", () => {
    const others = page.requests.filter(
      (url) => !url.startsWith("file:") && !url.startsWith("data:") && url !== "about:blank",
    );
    assert.deepEqual(others, []);
  });

  it("fits a narrow window without scrolling sideways", async () => {
    const overflow = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.equal(overflow, 0);
  });

  it("prints every failure, since paper cannot be clicked", async () => {
    await page.usePrint();
    const shown = await page.evaluate(
      `getComputedStyle(document.querySelector('.only-print')).display`,
    );
    assert.equal(shown, "block");
    const hidden = await page.evaluate(`getComputedStyle(document.querySelector('.left')).display`);
    assert.equal(hidden, "none");
  });
});
