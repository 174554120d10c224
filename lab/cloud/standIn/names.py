"""Stand-in for the VPC's name server: A records of the cluster's private zone and of AWS's endpoints.

Leaves out everything else: other types get an empty answer, other names "no such name"; no TCP, no
forwarding. Endpoints of AWS (*.<region>.amazonaws.com) all lead to the emulated AWS.
"""
import socketserver
import struct

A_RECORD, CLASS_IN = 1, 1
NO_SUCH_NAME = 3
TTL_SECONDS = 5


def question(packet):
    """Name and type of the one question, and where it ends."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii").lower())
        at += 1 + packet[at]
    kind, _ = struct.unpack("!HH", packet[at + 1:at + 5])
    return ".".join(labels), kind, at + 5


def answer(packet, addresses, endpoints):
    name, kind, end = question(packet)
    suffix, cloud = endpoints
    found = addresses.get(name) or (cloud if name.endswith(suffix) else None)
    with_address = found is not None and kind == A_RECORD
    flags = 0x8580 | (0 if found is not None else NO_SUCH_NAME)
    head = packet[:2] + struct.pack("!HHHHH", flags, 1, 1 if with_address else 0, 0, 0)
    body = packet[12:end]
    if with_address:
        octets = bytes(int(part) for part in found.split("."))
        body += struct.pack("!HHHIH", 0xC00C, A_RECORD, CLASS_IN, TTL_SECONDS, 4) + octets
    return head + body


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        packet, socket = self.request
        try:
            reply = answer(packet, self.server.addresses, self.server.endpoints)
        except (IndexError, UnicodeDecodeError, struct.error):
            return
        socket.sendto(reply, self.client_address)


def server(address, region, addresses, port=53):
    made = socketserver.ThreadingUDPServer((address, port), Handler)
    made.daemon_threads = True
    made.addresses = {name.lower(): value for name, value in addresses.items()}
    made.endpoints = ("." + region + ".amazonaws.com", address)
    return made
