import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const script = new URL("../../templates/ec2/awaitApi.sh", import.meta.url).pathname;
const name = "api.demo.internal";

describe("the wait for the API", function () {
  this.timeout(30_000);
  let folder: string;
  let certificate: string;
  let server: Server;
  let status = 200;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "quorum-api-"));
    const file = (one: string) => join(folder, one);
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", file("key.pem"), "-out", file("crt.pem"), "-days", "1"],
      ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ]);
    certificate = readFileSync(file("crt.pem"), "utf8");
    server = createServer({ key: readFileSync(file("key.pem")), cert: certificate }, (_, answer) =>
      answer.writeHead(status).end(),
    );
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const wait = (apiName: string) =>
    new Promise<{ code: number; said: string }>((done) => {
      const { port } = server.address() as AddressInfo;
      const env = {
        PATH: process.env.PATH,
        API_SERVER: `https://127.0.0.1:${port}`,
        API_NAME: apiName,
        CA_CERTIFICATE: certificate,
        WAIT_SECONDS: "0",
      };
      execFile("/bin/sh", [script], { env }, (error, out, problems) =>
        done({ code: error === null ? 0 : Number(error.code), said: out + problems }),
      );
    });

  it("ends when the server answers under its own name, wherever it is reached", async () =>
    assert.equal((await wait(name)).code, 0));

  it("does not take another server's word, and says what to do", async () => {
    const { code, said } = await wait("api.other.internal");
    assert.equal(code, 1);
    assert.match(said, /operatorAddress/);
  });

  it("does not take a server that is not ready", async () => {
    status = 500;
    assert.equal((await wait(name)).code, 1);
  });
});
