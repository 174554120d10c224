import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..");

/** An import that points the wrong way, by the file that holds it. */
const saboteurs: Record<string, string> = {
  "config/saboteur.ts": "../design/names.ts",
  "config/impure.ts": "node:fs",
  "design/saboteur.ts": "../components/eks/stack.ts",
  "design/impure.ts": "node:crypto",
  "design/pulumi.ts": "@pulumi/pulumi",
  "components/saboteur.ts": "../engine/project.ts",
  "components/deep/saboteur.ts": "../../proof/graph.ts",
  "engine/saboteur.ts": "../config/parse.ts",
  "engine/deep/saboteur.ts": "../../design/eks.ts",
  "proof/saboteur.ts": "../config/parse.ts",
  "policy/saboteur.ts": "../design/eks.ts",
  "lab/saboteur.ts": "../components/eks/stack.ts",
  "doctor/saboteur.ts": "../engine/project.ts",
  "doctor/impure.ts": "node:fs",
};

/** Imports that point the right way: the rule must let them through. */
const honest: Record<string, string> = {
  "design/honest.ts": "../config/parse.ts",
  "components/honest.ts": "../design/eks.ts",
  "components/deep/honest.ts": "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js",
  "engine/honest.ts": "@pulumi/pulumi",
  "lab/honest.ts": "../config/stackFile.ts",
  "doctor/honest.ts": "../proof/read.ts",
  "tests/honest.ts": "../proof/graph.ts",
  "cli/honest.ts": "../design/eks.ts",
};

describe("the arrow", () => {
  let checkout: string;

  before(() => {
    checkout = mkdtempSync(join(tmpdir(), "quorum-arrow-"));
    cpSync(join(root, "biome.json"), join(checkout, "biome.json"));
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    execFileSync("git", ["init", "-q", checkout]);
    for (const [file, target] of Object.entries({ ...saboteurs, ...honest })) {
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      writeFileSync(join(checkout, file), `import ${JSON.stringify(target)};\n`);
    }
  });

  after(() => rmSync(checkout, { recursive: true }));

  it("is enforced: the linter refuses each import that points the wrong way, and no other", () => {
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const { stdout } = spawnSync(process.execPath, [biome, "lint", "--reporter=json", "."], {
      cwd: checkout,
      encoding: "utf8",
    });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; location: { path: string | { file: string } } }[];
    };
    const refused = diagnostics
      .filter(({ category }) => category === "lint/style/noRestrictedImports")
      .map(({ location: { path } }) => (typeof path === "string" ? path : path.file));
    assert.deepEqual(refused.toSorted(), Object.keys(saboteurs).toSorted());
  });

  it("has no circles: no file imports itself by way of others", () => {
    const imports = importGraph();
    const circles: string[] = [];
    const settled = new Set<string>();
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        return;
      }
      if (settled.has(file)) return;
      for (const target of imports.get(file) ?? []) walk(target, [...path, file]);
      settled.add(file);
    };
    for (const file of imports.keys()) walk(file, []);
    assert.deepEqual(circles, []);
  });
});

/** What each file of the repository imports at run time; types alone make no circle. */
function importGraph(): Map<string, string[]> {
  const files = execFileSync("git", ["ls-files", "*.ts"], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "");
  return new Map(
    files.map((file) => {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(root, file), "utf8"),
        ts.ScriptTarget.ESNext,
      );
      const targets = source.statements
        .filter(
          (statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement),
        )
        .filter((statement) => !isTypeOnly(statement))
        .flatMap(({ moduleSpecifier }) =>
          moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier)
            ? [moduleSpecifier.text]
            : [],
        )
        .filter((target) => target.startsWith("."))
        .map((target) => relative(root, resolve(root, dirname(file), target)));
      return [file, targets] as const;
    }),
  );
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  return ts.isExportDeclaration(statement)
    ? statement.isTypeOnly
    : statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}
