"""The cloud of a hybrid lab, in one process and one network namespace of its own.

  main.py CONFIG

CONFIG is JSON: address, region, account, certificate, key, authority (files), socket, names (A records),
balancer (address, port, authority). Prints "ready" once everything listens. What each part leaves out
stands at its top; no part survives a restart, as it is meant for one run of tests.
"""
import json
import sys
import threading

import balancer
import control
import gateway
import metadata
import names


def main():
    with open(sys.argv[1]) as file:
        config = json.load(file)
    machines = metadata.Machines()
    door = gateway.Gateway(config["account"], config["region"], machines)
    pool = balancer.Balancer(config["balancer"])
    servers = [
        gateway.server(config, door),
        metadata.server(machines),
        names.server(config["address"], config["region"], config["names"]),
        control.server(config, machines, door, pool),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    pool.serve_forever()


if __name__ == "__main__":
    main()
