import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfManagedVersions } from "../../config/versions.ts";
import { type Recipe, recipes } from "../../lab/toolchain/recipes.ts";
import {
  checksumFor,
  downloadRelease,
  goBuildArguments,
  mirrored,
  recipeKey,
} from "../../lab/toolchain.ts";

const moduleRoot = join(import.meta.dirname, "../../lab/toolchain");

function allRecipes(): Recipe[] {
  return Object.values(selfManagedVersions).flatMap((versions) => recipes(versions));
}

describe("toolchain recipes", () => {
  it("build the versions that config names: every committed go.mod agrees", () => {
    const newest = Object.values(selfManagedVersions)[0];
    assert.ok(newest !== undefined);
    for (const recipe of recipes(newest)) {
      const mod = readFileSync(join(moduleRoot, recipe.moduleDir, "go.mod"), "utf8");
      for (const module of recipe.modules) {
        assert.match(mod, new RegExp(`${module} v${recipe.version}(\\s|$)`), recipe.name);
      }
    }
  });

  it("have a sum for every module that they build from", () => {
    for (const recipe of allRecipes().filter(({ modules }) => modules.length > 0)) {
      const sums = readFileSync(join(moduleRoot, recipe.moduleDir, "go.sum"), "utf8");
      const mod = readFileSync(join(moduleRoot, recipe.moduleDir, "go.mod"), "utf8");
      for (const module of recipe.modules.filter((one) => mod.includes(one))) {
        assert.ok(sums.includes(`${module} v`), `${recipe.name}: ${module}`);
      }
    }
  });

  it("take Kubernetes' staging repositories at the release's own number", () => {
    const mod = readFileSync(join(moduleRoot, "kubernetes", "go.mod"), "utf8");
    const replaced = [...mod.matchAll(/^\t(k8s\.io\/\S+) => (\S+) (\S+)$/gm)];
    assert.ok(replaced.length > 20);
    for (const [, from, to, version] of replaced) {
      assert.equal(from, to);
      assert.equal(version, "v0.36.3");
    }
  });

  it("stamp the version where kubelet and every client look for it", () => {
    const recipe = allRecipes().find(({ name }) => name === "kubernetes");
    assert.ok(recipe !== undefined);
    const args = goBuildArguments(recipe, "/target").join(" ");
    for (const place of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
      assert.ok(args.includes(`-X ${place}.gitVersion=v${recipe.version}`));
    }
    assert.ok(args.includes("-trimpath"));
    assert.ok(!args.includes("-static"));
  });

  it("link runc, the one with C in it, statically", () => {
    const recipe = allRecipes().find(({ name }) => name === "runc");
    assert.ok(recipe !== undefined);
    const args = goBuildArguments(recipe, "/target").join(" ");
    assert.match(args, /-extldflags -static -tags seccomp/);
  });

  it("give another version another key, and the same one the same", () => {
    const [recipe] = allRecipes();
    assert.ok(recipe !== undefined);
    assert.equal(recipeKey(recipe), recipeKey({ ...recipe }));
    assert.notEqual(recipeKey(recipe), recipeKey({ ...recipe, version: "1.36.4" }));
    assert.notEqual(recipeKey(recipe), recipeKey({ ...recipe, variables: {} }));
  });
});

describe("checksum lists", () => {
  const sum = "a".repeat(64);
  it("are read in all forms that the releases use", () => {
    assert.equal(checksumFor(`${sum}\n`, "kubeadm"), sum);
    assert.equal(
      checksumFor(`${"b".repeat(64)}  other\n${sum}  etcd.tar.gz\n`, "etcd.tar.gz"),
      sum,
    );
    assert.equal(checksumFor(`${sum} *./dist/runc.amd64\n`, "runc.amd64"), sum);
  });
  it("without our file give nothing, not another file's sum", () => {
    assert.equal(checksumFor(`${sum}  other\n`, "etcd.tar.gz"), undefined);
    assert.equal(checksumFor("<html>404</html>", "etcd.tar.gz"), undefined);
  });
});

describe("release download", () => {
  let server: Server;
  let mirror: string;
  let target: string;
  const files = new Map<string, Buffer>();

  beforeEach(async () => {
    target = mkdtempSync(join(tmpdir(), "quorum-test-"));
    server = createServer((request, response) => {
      const content = files.get(request.url ?? "");
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases/`;
  });
  afterEach(async () => {
    files.clear();
    rmSync(target, { recursive: true });
    await new Promise((resolve) => server.close(resolve));
  });

  const recipe: Recipe = {
    name: "tool",
    version: "1.0.0",
    moduleDir: "small",
    modules: [],
    packages: {},
    variables: {},
    release: () => [
      {
        url: "https://example.org/v1/tool",
        checksumUrl: "https://example.org/v1/tool.sha256",
        binary: "tool",
      },
      {
        url: "https://example.org/v1/pack.tar.gz",
        checksumUrl: "https://example.org/v1/SUMS",
        members: ["pack/bin/one", "pack/bin/two"],
      },
    ],
  };

  const digest = (content: Buffer) => createHash("sha256").update(content).digest("hex");

  /** A mirror that has everything. */
  function publish(): void {
    const source = mkdtempSync(join(tmpdir(), "quorum-test-"));
    execFileSync("mkdir", ["-p", join(source, "pack/bin")]);
    for (const name of ["one", "two", "three"]) writeFileSync(join(source, "pack/bin", name), name);
    const pack = execFileSync("tar", ["-C", source, "-czf", "-", "pack"]);
    rmSync(source, { recursive: true });
    const tool = Buffer.from("#!/bin/sh\n");
    files.set("/releases/example.org/v1/tool", tool);
    files.set("/releases/example.org/v1/tool.sha256", Buffer.from(digest(tool)));
    files.set("/releases/example.org/v1/pack.tar.gz", pack);
    files.set("/releases/example.org/v1/SUMS", Buffer.from(`${digest(pack)}  pack.tar.gz\n`));
  }

  it("puts the named binaries, executable, and nothing else into place", async () => {
    publish();
    await downloadRelease(recipe, target, mirror);
    assert.deepEqual(readdirSync(target).sort(), ["one", "tool", "two"]);
    for (const name of readdirSync(target)) {
      assert.equal(statSync(join(target, name)).mode & 0o777, 0o755);
    }
  });

  it("refuses a file whose SHA-256 is not the published one", async () => {
    publish();
    files.set("/releases/example.org/v1/tool", Buffer.from("#!/bin/sh\nevil\n"));
    await assert.rejects(downloadRelease(recipe, target, mirror), /SHA-256 is .* but .* says/);
    assert.deepEqual(readdirSync(target), []);
  });

  it("says which address failed, and how", async () => {
    await assert.rejects(downloadRelease(recipe, target, mirror), /tool\.sha256: HTTP status 404/);
    await assert.rejects(
      downloadRelease(recipe, target, "http://127.0.0.1:1"),
      /cannot reach http:\/\/127\.0\.0\.1:1\/example\.org\/v1\/tool\.sha256: .+/,
    );
  });

  it("asks a mirror for the original host's path", () => {
    assert.equal(
      mirrored("https://dl.k8s.io/v1/kubeadm", undefined),
      "https://dl.k8s.io/v1/kubeadm",
    );
    assert.equal(
      mirrored("https://dl.k8s.io/v1/kubeadm", "https://mirror.example/k8s/"),
      "https://mirror.example/k8s/dl.k8s.io/v1/kubeadm",
    );
  });
});
