import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../process.ts";

/** Files by which machines believe that they speak with AWS. */
export interface CloudCertificates {
  authority: string;
  certificate: string;
  key: string;
}

const days = "30";

/** An authority and a certificate for AWS's names in a region, in `dir`. */
export async function makeCertificates(
  dir: string,
  region: string,
  address: string,
): Promise<CloudCertificates> {
  const file = (name: string) => join(dir, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const [caKey, caFile] = [file("authority.key"), file("authority.crt")];
  const authority = ["req", "-x509", ...key, "-days", days, "-subj", "/CN=cloud of a lab"];
  await run("openssl", [...authority, "-keyout", caKey, "-out", caFile]);
  const names = [`DNS:*.${region}.amazonaws.com`, `DNS:*.s3.${region}.amazonaws.com`];
  writeFileSync(file("names"), `subjectAltName=${names.join(",")},IP:${address}\n`);
  const asked = ["req", ...key, "-subj", "/CN=amazonaws.com"];
  await run("openssl", [...asked, "-keyout", file("aws.key"), "-out", file("aws.csr")]);
  const signed = ["x509", "-req", "-in", file("aws.csr"), "-CA", caFile, "-CAkey", caKey];
  const more = ["-CAcreateserial", "-days", days, "-extfile", file("names")];
  await run("openssl", [...signed, ...more, "-out", file("aws.crt")]);
  return { authority: caFile, certificate: file("aws.crt"), key: file("aws.key") };
}
