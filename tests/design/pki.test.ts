import assert from "node:assert/strict";
import type { HostRole } from "../../config/schema.ts";
import { authorities, machinePki, secretsFor } from "../../design/pki.ts";

const subject = (...roles: HostRole[]) => ({ name: "m1", address: "192.0.2.11", roles });

describe("pki", () => {
  it("gives each role the root keys that it signs with, and no others", () => {
    const keys = (role: HostRole) => secretsFor([role]).filter((name) => name.endsWith(".key"));
    assert.deepEqual(keys("worker"), []);
    assert.deepEqual(keys("load-balancer"), []);
    assert.deepEqual(keys("etcd"), ["etcd-client-ca.key", "etcd-peer-ca.key"]);
    assert.deepEqual(keys("control-plane"), [
      "etcd-client-ca.key",
      "front-proxy-ca.key",
      "kubernetes-ca.key",
      "secrets-encryption.key",
      "service-account.key",
    ]);
  });

  it("gives a machine of several roles the union, each root once", () => {
    const both = secretsFor(["etcd", "control-plane"]);
    assert.deepEqual(
      both,
      [...new Set([...secretsFor(["etcd"]), ...secretsFor(["control-plane"])])].sort(),
    );
  });

  it("names an etcd member by DNS and by address, for peers and for clients", () => {
    const { leaves } = machinePki(subject("etcd"));
    const byName = Object.fromEntries(leaves.map((leaf) => [leaf.name, leaf]));
    assert.deepEqual(byName["etcd-peer"]?.dnsNames, ["m1"]);
    assert.deepEqual(byName["etcd-peer"]?.ipAddresses, ["192.0.2.11"]);
    assert.deepEqual(byName["etcd-server"]?.ipAddresses, ["192.0.2.11", "127.0.0.1"]);
    for (const name of ["etcd-peer", "etcd-server"]) {
      assert.deepEqual(byName[name]?.usages, ["serverAuth", "clientAuth"], name);
    }
  });

  it("keeps peers and clients of etcd under different authorities", () => {
    const issuers = (leaf: string) =>
      machinePki(subject("etcd", "control-plane"))
        .leaves.filter(({ name }) => name === leaf)
        .map(({ issuer }) => issuer);
    assert.deepEqual(issuers("etcd-peer"), ["etcd-peer-ca"]);
    assert.deepEqual(issuers("etcd-server"), ["etcd-client-ca"]);
    assert.deepEqual(issuers("apiserver-etcd-client"), ["etcd-client-ca"]);
  });

  it("lets no client certificate pass for a server's", () => {
    for (const leaf of machinePki(subject("etcd", "control-plane")).leaves) {
      const named = leaf.dnsNames.length + leaf.ipAddresses.length > 0;
      assert.equal(leaf.usages.includes("serverAuth"), named, leaf.name);
    }
  });

  it("places private keys for root's eyes only", () => {
    for (const role of ["etcd", "control-plane", "worker", "load-balancer"] as const) {
      for (const { root, form, path, mode } of machinePki(subject(role)).placements) {
        const isPrivate = root.endsWith(".key") && form === "whole";
        assert.equal(mode, isPrivate ? "0600" : "0644", path);
      }
    }
  });

  it("gives every authority a name of its own, with the cluster's in it", () => {
    const names = authorities("demo").map(({ commonName }) => commonName);
    assert.equal(new Set(names).size, 4);
    for (const name of names) assert.match(name, /^demo-/);
  });
});
