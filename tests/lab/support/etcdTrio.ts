import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultCluster } from "../../../lab/faults/fault.ts";
import { etcdProblems } from "../../../lab/faults/health.ts";
import { etcdAccess } from "../../../lab/faults/members.ts";
import { Lab } from "../../../lab/machines.ts";
import { ensureProber } from "../../../lab/prober.ts";
import { run } from "../../../lab/process.ts";
import { firstFreeSubnet } from "../../../lab/stackFile.ts";
import { hostImage } from "./smallLab.ts";

const projectDir = `${import.meta.dirname}/../../..`;
const clientPort = 2379;
const peerPort = 2380;

/**
 * Three machines with nothing but etcd, started by hand: what the fault runner and the checker are
 * tried on, because it can be broken on purpose. `extraFlags` are given to each etcd.
 */
export async function bootEtcdTrio(name: string, extraFlags = ""): Promise<FaultCluster> {
  const image = await hostImage();
  const base = `198.18.${firstFreeSubnet(projectDir)}`;
  const zones = ["a", "b", "c"];
  const hosts = Object.fromEntries(
    zones.map((zone, index) => [
      `etcd-${zone}`,
      { address: `${base}.${11 + index}`, zone, roles: ["etcd" as const] },
    ]),
  );
  const lab = new Lab({
    name,
    subnet: `${base}.0/24`,
    vip: `${base}.10`,
    etcdDataDir: "/var/lib/etcd",
    hosts,
  });
  await lab.boot(image);
  const files = await certificates();
  for (const machine of lab.names) await startEtcd(lab, machine, files, extraFlags);
  return {
    lab,
    image,
    prober: await ensureProber(),
    historyDir: mkdtempSync(join(tmpdir(), "quorum-faults-")),
    target: () => etcdAccess(lab),
    problems: () => etcdProblems(lab),
  };
}

/** One throw-away certificate that is its own authority. */
async function certificates(): Promise<{ certificate: string; key: string }> {
  const dir = mkdtempSync(join(tmpdir(), "quorum-trio-"));
  const [key, certificate] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const names = "subjectAltName=DNS:localhost";
  const request = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
  ];
  const subject = ["-subj", "/CN=trio", "-days", "2", "-addext", names];
  await run("openssl", [...request, ...subject, "-keyout", key, "-out", certificate]);
  const read = async (file: string) => (await run("cat", [file])).stdout;
  const pair = { certificate: await read(certificate), key: await read(key) };
  await run("rm", ["-r", dir]);
  return pair;
}

async function startEtcd(
  lab: Lab,
  name: string,
  files: { certificate: string; key: string },
  extraFlags: string,
): Promise<void> {
  const machine = lab.machine(name);
  const urlOf = (member: string, port: number) =>
    `http://${lab.machine(member).host.address}:${port}`;
  const clientUrl = urlOf(name, clientPort);
  const peerUrl = urlOf(name, peerPort);
  const flags = [
    `--name ${name} --data-dir /var/lib/etcd`,
    `--listen-client-urls ${clientUrl} --advertise-client-urls ${clientUrl}`,
    `--listen-peer-urls ${peerUrl} --initial-advertise-peer-urls ${peerUrl}`,
    `--initial-cluster ${lab.names.map((one) => `${one}=${urlOf(one, peerPort)}`).join(",")}`,
    extraFlags,
  ].join(" ");
  const unit = `[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/local/bin/etcd ${flags}
Restart=always
RestartSec=1s
[Install]
WantedBy=multi-user.target
`;
  const dir = "/etc/quorum/etcd";
  const environment = [
    `ETCDCTL_ENDPOINTS=${lab.names.map((one) => urlOf(one, clientPort)).join(",")}`,
    `ETCDCTL_CACERT=${dir}/trio.crt`,
    `ETCDCTL_CERT=${dir}/trio.crt`,
    `ETCDCTL_KEY=${dir}/trio.key`,
    "",
  ].join("\n");
  const write = (path: string, text: string) =>
    machine.exec(["sh", "-c", `mkdir -p ${dir}; umask 077; cat >"$1"; sync "$1"`, "sh", path], {
      input: text,
    });
  await write("/etc/systemd/system/etcd.service", unit);
  await write(`${dir}/client.env`, environment);
  await write(`${dir}/trio.crt`, files.certificate);
  await write(`${dir}/trio.key`, files.key);
  await machine.exec(["systemctl", "enable", "--now", "etcd"]);
}
