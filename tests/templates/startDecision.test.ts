import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellVariables } from "../../design/render/template.ts";
import { run } from "../support/tools.ts";

const library = join(import.meta.dirname, "../../templates/etcd");
const url = (n: number) => `https://192.0.2.1${n}:2380`;

/** A machine's surroundings: what its disk holds, and what the others would say. */
interface Scene {
  /** Answers on /members by the last digit of the address; absent: silence. */
  answers?: Record<string, string>;
  /** What `etcdctl member list` prints through the others; absent: no quorum. */
  members?: string[];
  hasData?: boolean;
  memberId?: string;
  marker?: boolean;
  mountPoint?: string;
}

/** One entry of etcd's own list on the peer port. */
const entry = (n: number, options: { up?: boolean; learner?: boolean; id?: number } = {}) => ({
  id: options.id ?? n,
  peerURLs: [url(n)],
  name: `m${n}`,
  ...(options.up ? { clientURLs: [`https://192.0.2.1${n}:2379`] } : {}),
  ...(options.learner ? { isLearner: true } : {}),
});
const list = (...entries: object[]) => JSON.stringify(entries);
const line = (id: string, status: string, n: number, learner: boolean) =>
  `${id}, ${status}, ${status === "started" ? `m${n}` : ""}, ${url(n)}, , ${learner}`;

const formed = list(entry(1, { up: true }), entry(2, { up: true }), entry(3, { up: true }));
const forming = list(entry(1), entry(2), entry(3));
const healthy = [1, 2, 3].map((n) => line(`${n}`, "started", n, false));

describe("start decision of etcd member m1", () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  const read = (name: string) => (existsSync(path(name)) ? readFileSync(path(name), "utf8") : "");

  const program = (name: string, body: string) => {
    writeFileSync(path(`bin/${name}`), `#!/bin/bash\n${body}`);
    chmodSync(path(`bin/${name}`), 0o755);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-start-"));
    for (const name of ["bin", "data", "pki", "state", "run"]) mkdirSync(path(name));
    writeFileSync(
      path("etcd.yaml"),
      "name: m1\nlisten-client-urls: https://192.0.2.11:2379,https://127.0.0.1:2379\n",
    );
    for (const name of ["peer-ca.crt", "client-ca.crt"]) writeFileSync(path(`pki/${name}`), "x");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const build = (scene: Scene) => {
    const { answers = {}, members } = scene;
    if (scene.hasData) {
      mkdirSync(path("data/member/wal"), { recursive: true });
      writeFileSync(path("data/member/wal/0-0.wal"), "data");
    }
    if (scene.memberId) writeFileSync(path("data/member-id"), `${scene.memberId}\n`);
    if (scene.marker) writeFileSync(path("state/initialized"), "initialized\n");
    if (scene.mountPoint) writeFileSync(path("state/mount-point"), `${scene.mountPoint}\n`);
    for (const [n, text] of Object.entries(answers)) writeFileSync(path(`answer.${n}`), text);
    if (members) writeFileSync(path("list"), `${members.join("\n")}\n`);
    program(
      "openssl",
      `[ "$1" = s_client ] || exec tail -f /dev/null\ncat >/dev/null\nhost=$(grep -o '192[0-9.]*:' <<<"$*"); host=\${host%:}
f=${folder}/answer.\${host: -1}; [ -e "$f" ] && printf 'HTTP/1.0 200 OK\\r\\n\\r\\n' && cat "$f"`,
    );
    // Keeps the list as the real one would: removal, then a learner that has not started.
    program(
      "etcdctl",
      `echo "$*" >>${folder}/calls\n[ -e ${folder}/list ] || exit 1
case "$*" in
  *"member list"*) cat ${folder}/list ;;
  *"member remove"*) sed -i "/^\${@: -1},/d" ${folder}/list ;;
  *"member add"*) echo "abc, unstarted, , ${url(1)}, , true" >>${folder}/list ;;
esac`,
    );
    program("etcd", "");
    program("chown", "");
    program("findmnt", "echo /data");
    // It sleeps only to ask again: by then it has said why, and the test need not wait.
    program("sleep", "kill $PPID");
    writeFileSync(
      path("member.env"),
      shellVariables({
        NAME: "m1",
        ADDRESS: "192.0.2.11",
        PEER_PORT: 2380,
        PEER_URL: url(1),
        MEMBERS: [1, 2, 3].map((n) => `m${n}=${url(n)}`).join(" "),
        OTHER_CLIENT_URLS: "https://192.0.2.12:2379,https://192.0.2.13:2379",
        MARKER_HOSTS: "",
        MARKER_PORT: 2383,
        CONFIG_FILE: path("etcd.yaml"),
        PKI_DIR: path("pki"),
        DATA_DIR: path("data"),
        STATE_DIR: path("state"),
        RUN_DIR: path("run"),
      }),
    );
    const endpoints = { ETCDCTL_ENDPOINTS: "x", ETCDCTL_CACERT: "x" };
    const client = { ...endpoints, ETCDCTL_CERT: "x", ETCDCTL_KEY: "x" };
    writeFileSync(path("client.env"), shellVariables(client));
  };

  /** What it decided: the end of etcd's configuration, or why it waits. */
  const decide = (scene: Scene): string => {
    build(scene);
    const { status, error } = run("bash", [join(library, "start-decision.sh")], {
      env: {
        PATH: `${path("bin")}:${process.env.PATH}`,
        QUORUM_ETCD_ENV: path("member.env"),
        QUORUM_ETCD_CLIENT_ENV: path("client.env"),
        QUORUM_ETCD_UNIT: path("etcd.yaml"),
      },
    });
    if (status !== 0) return `waits: ${read("run/decision").trim()}`;
    assert.equal(error, "");
    const state = /initial-cluster-state: (\w+)/.exec(read("run/etcd.yaml"))?.[1];
    return existsSync(path("run/learner")) ? `${state} as learner` : `${state}`;
  };

  it("starts a new cluster when all others are empty", () => {
    assert.equal(decide({ answers: { 2: "empty", 3: "empty" } }), "new");
    assert.match(read("run/etcd.yaml"), /initial-cluster: m1=.*:2380,m2=.*:2380,m3=.*:2380\n/);
  });

  it("joins a new cluster that others have begun without it", () => {
    assert.equal(decide({ answers: { 2: forming, 3: "empty" } }), "new");
  });

  it("never starts a new cluster while a member is silent", () => {
    assert.equal(
      decide({ answers: { 2: "empty" } }),
      "waits: empty disk: waiting for m3 to answer",
    );
  });

  it("never starts a new cluster where one was formed, even when all are empty now", () => {
    const scene = { answers: { 2: "empty", 3: "empty" }, marker: true };
    assert.match(decide(scene), /^waits: empty disk: waiting for a quorum/);
  });

  it("starts with its data, whoever is silent", () => {
    assert.equal(decide({ hasData: true }), "existing");
    assert.ok(existsSync(path("data/member/wal/0-0.wal")));
  });

  it("rejoins with an empty disk: the old entry goes before the new one comes, as a learner", () => {
    const scene = { answers: { 2: formed, 3: formed }, members: healthy };
    assert.equal(decide(scene), "existing as learner");
    const changes = read("calls").match(/member (remove|add)/g);
    assert.deepEqual(changes, ["member remove", "member add"]);
    assert.equal(read("data/member-id"), "abc\n");
  });

  it("serves no clients while it is a learner", () => {
    decide({ answers: { 2: formed, 3: formed }, members: healthy });
    assert.match(read("run/etcd.yaml"), /listen-client-urls: https:\/\/127\.0\.0\.1:2379\n/);
  });

  it("goes on as the learner that it has added before", () => {
    const members = [...healthy.slice(1), line("abc", "unstarted", 1, true)];
    const answers = { 2: list(entry(2, { up: true }), entry(1, { learner: true })), 3: formed };
    assert.equal(decide({ answers, members }), "existing as learner");
    assert.equal(read("calls").match(/member (remove|add)/g), null);
  });

  it("stays a learner when it restarts with data before its promotion", () => {
    const learner = list(entry(1, { up: true, learner: true, id: 10 }), entry(2, { up: true }));
    const scene = { hasData: true, memberId: "a", answers: { 2: learner } };
    assert.equal(decide(scene), "existing as learner");
  });

  it("sets data aside that the cluster has replaced, and rejoins", () => {
    const members = [line("99", "started", 1, false), ...healthy.slice(1)];
    const replaced = list(entry(1, { up: true, id: 0x99 }), entry(2, { up: true }));
    const scene = { hasData: true, memberId: "11", answers: { 2: replaced }, members };
    assert.equal(decide(scene), "existing as learner");
    assert.ok(existsSync(path("data/member.aside/wal/0-0.wal")));
  });

  it("does not give up its data on one peer's word without a quorum", () => {
    const replaced = list(entry(1, { up: true, id: 0x99 }), entry(2, { up: true }));
    const scene = { hasData: true, memberId: "11", answers: { 2: replaced } };
    assert.match(decide(scene), /^existing/);
    assert.ok(existsSync(path("data/member/wal/0-0.wal")));
  });

  it("waits when the disk is not mounted where it was", () => {
    const scene = { answers: { 2: "empty", 3: "empty" }, mountPoint: "/elsewhere" };
    assert.match(decide(scene), /^waits: the disk of .* is not mounted where it was/);
  });
});
