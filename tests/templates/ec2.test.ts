import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { planEc2 } from "../../design/ec2/plan.ts";
import { renderUserData } from "../../design/ec2/userData.ts";
import { renderBundle } from "../../design/render/bundle.ts";
import { readTemplates } from "../../templates/read.ts";
import { ec2Config } from "../support/fixtures.ts";
import { needs } from "../support/tools.ts";

const folder = join(import.meta.dirname, "../../templates/ec2");
const templates = readTemplates();
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

describe("machine files of platform ec2", () => {
  it("pass shellcheck", function () {
    if (!has("shellcheck")) return this.skip();
    const scripts = readdirSync(folder).filter((name) => name.endsWith(".sh"));
    const result = spawnSync("shellcheck", ["-e", "SC1091", ...scripts], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(result.stdout, "");
    assert.equal(result.status, 0);
  });

  it("sign requests as AWS's own Python SDK does", function () {
    if (!has("python3")) return this.skip();
    // Expected: botocore 1.43.11, S3SigV4Auth, for the same request, key, token and time.
    const program = `
import datetime, importlib.util
spec = importlib.util.spec_from_file_location("cloud", "${folder}/quorum-cloud.py")
cloud = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cloud)
keys = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "Token": "TOKEN"}
now = datetime.datetime(2015, 8, 30, 12, 36, 0)
url = "https://demo.s3.us-east-1.amazonaws.com/etcd/abc"
print(cloud.signed("s3", "us-east-1", "GET", url, {}, cloud.digest(b""), keys, now)["authorization"])
`;
    const output = execFileSync("python3", ["-B", "-c", program], { encoding: "utf8" });
    assert.equal(
      output,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=de716a17909549e7c801a8db9fd4ace6e00db3fbc11d9d3082404b36962e1fab\n",
    );
  });

  it("let nothing but a marker that was looked for and not found mean a new cluster", () => {
    const dir = mkdtempSync(join(tmpdir(), "quorum-marker-"));
    try {
      writeFileSync(join(dir, "boot.env"), 'MARKER_PARAMETER="/k8s/demo/etcd-initialized"\n');
      const script = readFileSync(join(folder, "markerStore.sh"), "utf8").replace(
        "/etc/quorum/boot.env",
        join(dir, "boot.env"),
      );
      writeFileSync(join(dir, "store"), script);
      mkdirSync(join(dir, "bin"));
      const answers: [number, number][] = [
        [0, 0],
        [3, 1],
        [1, 2],
        [127, 2],
      ];
      for (const [cloud, expected] of answers) {
        const client = join(dir, "bin/quorum-cloud");
        writeFileSync(client, `#!/bin/sh\nexit ${cloud}\n`);
        chmodSync(client, 0o755);
        const { status } = spawnSync("bash", [join(dir, "store"), "get"], {
          env: { PATH: `${dir}/bin:${process.env.PATH}` },
        });
        assert.equal(status, expected, `quorum-cloud ended with ${cloud}`);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  const plan = planEc2(ec2Config(), templates);
  const groups = [
    ...plan.etcd.members.map(({ group }) => group),
    ...plan.controlPlanes.map(({ group }) => group),
    ...plan.pools.flatMap(({ groups: zones }) => zones.map(({ group }) => group)),
  ];

  it("are bundles that the same unpacker takes", () => {
    for (const { files } of groups) assert.match(renderBundle(templates, files), /\nend \d+\n$/);
  });

  it("leave no fact open but those that the boot fills in", () => {
    for (const { files, role } of groups) {
      const open = new Set(renderBundle(templates, files).match(/__[A-Z_]+__/g));
      const known = role === "etcd" ? [] : ["__ADDRESS__", "__INSTANCE_ID__", "__ZONE__"];
      assert.deepEqual([...open].toSorted(), known, role);
    }
  });

  it("give nodes their machine's name, its provider id and the external cloud provider", () => {
    for (const { files, role } of groups.filter((group) => group.role !== "etcd")) {
      const all = files.steps.flatMap((step) => step.files);
      const joinText = all.find(({ path }) => path.endsWith("/join.yaml"))?.text ?? "";
      const registration = parse(joinText).nodeRegistration;
      assert.equal(registration.name, "__INSTANCE_ID__", role);
      assert.ok(
        registration.kubeletExtraArgs.some(
          (one: { name: string; value: string }) =>
            one.name === "cloud-provider" && one.value === "external",
        ),
      );
      const kubelet = all.find(({ path }) => path.includes("kubeletconfiguration0"))?.text ?? "";
      assert.equal(parse(kubelet).providerID, "aws:///__ZONE__/__INSTANCE_ID__");
    }
  });

  it("have manifests that are YAML throughout", () => {
    const [controlPlane] = plan.controlPlanes;
    const files = controlPlane?.group.files.steps.flatMap((step) => step.files) ?? [];
    const manifests = files.filter(({ path }) => path.startsWith("/etc/quorum/manifests/"));
    assert.ok(manifests.length >= 3);
    for (const { path, text } of manifests)
      for (const document of parseAllDocuments(text)) assert.deepEqual(document.errors, [], path);
  });

  it("are cloud-config by cloud-init's own schema", function () {
    needs(this, "cloud-init");
    const dir = mkdtempSync(join(tmpdir(), "quorum-user-data-"));
    try {
      for (const { name, role, place, files, member } of groups) {
        const facts = {
          cluster: "demo",
          names: plan.names,
          role,
          place,
          group: name,
          secretCount: files.secrets.length,
          ...(member === undefined ? {} : { member }),
        };
        const file = join(dir, `${name}.yaml`);
        writeFileSync(file, renderUserData(templates, facts, "0".repeat(64)));
        const checked = spawnSync("cloud-init", ["schema", "--config-file", file], {
          encoding: "utf8",
        });
        assert.equal(checked.status, 0, `${name}: ${checked.stdout}${checked.stderr}`);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("are cloud-config whose files and commands are exactly these", () => {
    const text = renderUserData(
      templates,
      {
        cluster: "demo",
        names: plan.names,
        role: "worker",
        place: "general/eu-west-1a",
        group: "demo-general-eu-west-1a",
        secretCount: 1,
      },
      "0".repeat(64),
    );
    assert.ok(text.startsWith("#cloud-config\n"));
    const document = parse(text);
    assert.deepEqual(Object.keys(document), [
      "ssh_pwauth",
      "disable_root",
      "bootcmd",
      "write_files",
      "runcmd",
    ]);
    assert.deepEqual(
      document.write_files.map(({ path }: { path: string }) => path),
      [
        "/etc/quorum/boot.env",
        "/usr/local/bin/quorum-cloud",
        "/usr/local/lib/quorum/boot/boot.sh",
        "/usr/local/lib/quorum/boot/unpack.sh",
        "/usr/local/lib/quorum/boot/writeSecrets.sh",
        "/etc/systemd/system/quorum-boot.service",
      ],
    );
    assert.equal(
      document.write_files[0].content,
      `CLUSTER="demo"
ROLE="worker"
GROUP="demo-general-eu-west-1a"
HOOK="leave-the-cluster"
BUCKET="demo-boot-123456789012-euwest1"
BUNDLE="${"0".repeat(64)}"
SECRETS_PATH="/k8s/demo/worker/pki"
SECRET_COUNT="1"
STATE_PARAMETER="/k8s/demo/state/worker/general/eu-west-1a"
TOKEN_PARAMETER="/k8s/demo/worker/bootstrap-token"
`,
    );
  });
});
