import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";

/** What the test says, by its environment. */
const { FOLDER = "", SSH_PORT = "", SSH_USER = "", TEXT = "one", KUBE_API = "" } = process.env;

const password = new random.RandomPassword("password", { length: 24 });
const caKey = new tls.PrivateKey("ca-key", { algorithm: "ECDSA", ecdsaCurve: "P384" });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: caKey.privateKeyPem,
  isCaCertificate: true,
  subject: { commonName: "root" },
  validityPeriodHours: 24,
  allowedUses: ["cert_signing"],
});
const leafKey = new tls.PrivateKey("leaf-key", { algorithm: "ED25519" });
const request = new tls.CertRequest("leaf-request", {
  privateKeyPem: leafKey.privateKeyPem,
  dnsNames: ["leaf.example"],
});
const leaf = new tls.LocallySignedCert("leaf", {
  caCertPem: ca.certPem,
  caPrivateKeyPem: caKey.privateKeyPem,
  certRequestPem: request.certRequestPem,
  validityPeriodHours: 1,
  allowedUses: ["server_auth"],
});

const connection = {
  host: "127.0.0.1",
  port: Number(SSH_PORT),
  user: SSH_USER,
  privateKey: readFileSync(`${FOLDER}/user`, "utf8"),
};
const copy = new command.remote.CopyToRemote("certificates", {
  connection,
  remotePath: `${FOLDER}/out/leaf.crt`,
  source: leaf.certPem.apply((text) => new pulumi.asset.StringAsset(text)),
});
const install = new command.remote.Command(
  "install",
  {
    connection,
    create: `umask 077; cat > ${FOLDER}/out/leaf.key; echo ${TEXT} >> ${FOLDER}/out/log; echo installed`,
    delete: `rm -r ${FOLDER}/out`,
    stdin: leafKey.privateKeyPem,
    logging: "none",
    triggers: [leaf.certPem],
  },
  { dependsOn: copy },
);

class Note extends pulumi.dynamic.Resource {
  declare readonly shout: pulumi.Output<string>;
  constructor(name: string, text: string) {
    const provider: pulumi.dynamic.ResourceProvider = {
      create: async (inputs) => ({
        id: `note-${inputs.text}`,
        outs: { shout: inputs.text.toUpperCase() },
      }),
      update: async (_id, _olds, news) => ({ outs: { shout: news.text.toUpperCase() } }),
    };
    super(provider, name, { text, shout: undefined });
  }
}

const note = new Note("note", TEXT);

export const installed = install.stdout;
export const shout = note.shout;
export const secret = password.result;

if (KUBE_API !== "") {
  const cluster = new kubernetes.Provider("cluster", {
    kubeconfig: pulumi.secret(readFileSync(KUBE_API, "utf8")),
    enableConfigMapMutable: true,
  });
  const options = { provider: cluster };
  const settings = new kubernetes.core.v1.ConfigMap("settings", { data: { text: TEXT } }, options);
  new kubernetes.core.v1.Secret(
    "token",
    { metadata: { name: "token" }, stringData: { token: password.result } },
    options,
  );
  new kubernetes.rbac.v1.Role(
    "reader",
    { metadata: { annotations: { settings: settings.metadata.name } }, rules: [] },
    options,
  );
}
