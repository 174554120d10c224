#!/usr/bin/python3 -I
"""The few AWS calls that a machine makes, with the standard library alone: cloud-init brings Python.
Secrets go by standard input and output only. Exit status: 0 done, 3 there is no such thing, 1 try again.

  identity                      INSTANCE_ID=… ADDRESS=… ZONE=…
  metadata PATH                 from the instance's metadata service
  secrets PATH                  parameters below PATH, as writeSecrets.sh reads them
  get NAME | put NAME [TYPE]    one parameter; "put" reads standard input and says nothing
  fetch BUCKET KEY SHA256 FILE  an object whose content must be what was said
  upload BUCKET KEY FILE
  attach VOLUME                 to this machine; prints the device once it is attached
  addresses INSTANCE CLUSTER    names of a running machine of the cluster, as openssl writes them
  complete GROUP HOOK           the machine may be terminated now
  leaving SECONDS               asks that often; ends when this machine is to go
  uuid NAME                     the same for the same name, always
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as xml

TIMEOUT_SECONDS = 10
METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")
# No proxy: metadata and endpoints are in the VPC.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Missing(Exception):
    pass


def call(url, method="GET", headers=None, body=None, take=None):
    """The answer; or, with "take", that is called with each piece of it: a snapshot has gigabytes."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
        if take is None:
            return answer.read()
        for piece in iter(lambda: answer.read(1 << 20), b""):
            take(piece)


token = None


def metadata(path):
    """By IMDSv2: a session token first."""
    global token
    if token is None:
        ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
        token = call(METADATA + "/latest/api/token", "PUT", ttl).decode()
    try:
        return call(METADATA + "/latest/" + path, headers={"X-aws-ec2-metadata-token": token}).decode()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise Missing("no metadata " + path) from None
        raise


def credentials():
    role = metadata("meta-data/iam/security-credentials/").split()[0]
    return json.loads(metadata("meta-data/iam/security-credentials/" + role))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed(service, region, method, url, headers, payload_digest, keys, now):
    """Headers of a request with its Signature Version 4."""
    parts = urllib.parse.urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = "/".join([stamp[:8], region, service, "aws4_request"])
    headers = {name.lower(): value for name, value in headers.items()}
    headers.update({"host": parts.netloc, "x-amz-date": stamp, "x-amz-content-sha256": payload_digest})
    if keys.get("Token"):
        headers["x-amz-security-token"] = keys["Token"]
    names = ";".join(sorted(headers))
    lines = [method, parts.path or "/", parts.query]
    lines += [name + ":" + headers[name].strip() for name in sorted(headers)]
    canonical = "\n".join(lines + ["", names, payload_digest])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest(canonical.encode())])
    key = ("AWS4" + keys["SecretAccessKey"]).encode()
    for step in [stamp[:8], region, service, "aws4_request"]:
        key = mac(key, step)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        keys["AccessKeyId"], scope, names, signature)
    return headers


def aws(service, host, method="POST", path="/", headers=None, body=b"", payload_digest=None,
        take=None):
    region = metadata("meta-data/placement/region")
    base = os.environ.get("AWS_ENDPOINT_URL") or "https://%s.%s.amazonaws.com" % (host, region)
    url = base.rstrip("/") + path
    now = datetime.datetime.now(datetime.timezone.utc)
    headers = signed(service, region, method, url, headers or {}, payload_digest or digest(body),
                     credentials(), now)
    del headers["host"]
    return call(url, method, headers, body or None, take)


def ssm(action, **arguments):
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM." + action}
    try:
        return json.loads(aws("ssm", "ssm", headers=headers, body=json.dumps(arguments).encode()))
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        if reason(text) == "ParameterNotFound":
            raise Missing("no parameter " + arguments["Name"]) from None
        raise RuntimeError("%s: status %d %s" % (action, error.code, reason(text))) from None


def reason(text):
    """The kind of an error, never what was sent."""
    try:
        return str(json.loads(text).get("__type", "")).split("#")[-1]
    except ValueError:
        found = [part.split("<")[0] for part in text.split("<Code>")[1:]]
        return found[0] if found else ""


def query(service, version, action, **arguments):
    """One of the older APIs: a form goes in, XML without its name space comes out."""
    body = urllib.parse.urlencode({"Action": action, "Version": version, **arguments}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        answer = xml.fromstring(aws(service, service, headers=headers, body=body))
    except urllib.error.HTTPError as error:
        why = reason(error.read().decode(errors="replace"))
        if why == "InvalidInstanceID.NotFound":
            raise Missing("no such machine") from None
        raise RuntimeError("%s: status %d %s" % (action, error.code, why)) from None
    for element in answer.iter():
        element.tag = element.tag.split("}")[-1]
    return answer


def ec2(action, **arguments):
    return query("ec2", "2016-11-15", action, **arguments)


def bucket_path(bucket, key):
    """With an endpoint of one's own the bucket is part of the path."""
    path = "/" + urllib.parse.quote(key)
    return "/" + bucket + path if os.environ.get("AWS_ENDPOINT_URL") else path


def identity():
    print("INSTANCE_ID=" + metadata("meta-data/instance-id"))
    print("ADDRESS=" + metadata("meta-data/local-ipv4"))
    print("ZONE=" + metadata("meta-data/placement/availability-zone"))


def secrets(path):
    following = {}
    while True:
        answer = ssm("GetParametersByPath", Path=path, WithDecryption=True, MaxResults=10, **following)
        for parameter in sorted(answer["Parameters"], key=lambda one: one["Name"]):
            lines = parameter["Value"].rstrip("\n").split("\n")
            print("secret", parameter["Name"].split("/")[-1], len(lines))
            print("\n".join(lines))
        if not answer.get("NextToken"):
            break
        following = {"NextToken": answer["NextToken"]}
    print("end")


def get(name):
    print(ssm("GetParameter", Name=name, WithDecryption=True)["Parameter"]["Value"])


def put(name, kind="String"):
    ssm("PutParameter", Name=name, Type=kind, Value=sys.stdin.read().rstrip("\n"), Overwrite=True)


def fetch(bucket, key, expected, path):
    checksum = hashlib.sha256()
    with open(path + ".new", "wb") as out:
        def take(piece):
            checksum.update(piece)
            out.write(piece)
        try:
            aws("s3", bucket + ".s3", "GET", bucket_path(bucket, key), take=take)
        except urllib.error.HTTPError as error:
            raise RuntimeError("object %s: status %d" % (key, error.code)) from None
    if checksum.hexdigest() != expected:
        raise RuntimeError("object %s is not what was asked for: sha256 %s" % (key, checksum.hexdigest()))
    os.replace(path + ".new", path)


def upload(bucket, key, path):
    checksum = hashlib.sha256()
    with open(path, "rb") as data:
        for block in iter(lambda: data.read(1 << 20), b""):
            checksum.update(block)
        # A locked bucket asks for a checksum of its own.
        headers = {"x-amz-checksum-sha256": base64.b64encode(checksum.digest()).decode(),
                   "content-type": "application/octet-stream",
                   "content-length": str(os.path.getsize(path))}
        data.seek(0)
        aws("s3", bucket + ".s3", "PUT", bucket_path(bucket, key), headers, data, checksum.hexdigest())


def attach(volume):
    mine = metadata("meta-data/instance-id")
    found = ec2("DescribeVolumes", **{"VolumeId.1": volume}).find("volumeSet/item")
    attachment = found.find("attachmentSet/item") if found is not None else None
    if attachment is None:
        ec2("AttachVolume", VolumeId=volume, InstanceId=mine, Device="/dev/sdf")
        raise RuntimeError("volume %s: asked to attach it" % volume)
    holder, state = attachment.findtext("instanceId"), attachment.findtext("status")
    if holder != mine or state != "attached":
        raise RuntimeError("volume %s is %s at %s" % (volume, state, holder))
    print("/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + volume.replace("-", ""))


def addresses(instance, cluster):
    answer = ec2("DescribeInstances", **{
        "InstanceId.1": instance,
        "Filter.1.Name": "tag:quorum:cluster", "Filter.1.Value.1": cluster,
        "Filter.2.Name": "instance-state-name", "Filter.2.Value.1": "running"})
    found = answer.find("reservationSet/item/instancesSet/item")
    if found is None:
        raise Missing("no running machine %s of %s" % (instance, cluster))
    print("DNS:" + instance)
    if found.findtext("privateDnsName"):
        print("DNS:" + found.findtext("privateDnsName"))
    print("IP Address:" + found.findtext("privateIpAddress"))


def complete(group, hook):
    query("autoscaling", "2011-01-01", "CompleteLifecycleAction", AutoScalingGroupName=group,
          LifecycleHookName=hook, InstanceId=metadata("meta-data/instance-id"),
          LifecycleActionResult="CONTINUE")


def leaving(seconds):
    """One process that waits: starting Python every few seconds would cost more than all else here."""
    global token
    while True:
        token = None
        if found("meta-data/autoscaling/target-lifecycle-state") == "Terminated":
            return
        if found("meta-data/spot/instance-action") is not None:
            return
        time.sleep(float(seconds))


def found(path):
    try:
        return metadata(path)
    except (OSError, Missing):
        return None


COMMANDS = {
    "identity": identity, "secrets": secrets, "get": get, "put": put, "fetch": fetch, "upload": upload,
    "attach": attach, "addresses": addresses, "complete": complete,
    "leaving": leaving,
    "metadata": lambda path: print(metadata(path)),
    "uuid": lambda name: print(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except Missing as problem:
        print(problem, file=sys.stderr)
        sys.exit(3)
    except (OSError, RuntimeError, ValueError, KeyError, IndexError, xml.ParseError) as problem:
        print("%s: %s" % (sys.argv[1], problem), file=sys.stderr)
        sys.exit(1)
