"""Stand-in for the API's network load balancer.

Has: one TCP listener; HTTPS /readyz of every target each 5 s with a time limit of 3 s, two answers to
change its mind; all targets when none is healthy (fail-open); a target that turns unhealthy or is taken
out has its connections reset; clients' addresses are not kept. Leaves out: zones and their names in DNS,
deregistration delay, idle time-outs, client affinity.
"""
import asyncio
import random
import ssl
import threading

INTERVAL_SECONDS = 5
CHECK_SECONDS = 3
ANSWERS_TO_CHANGE = 2
CONNECT_SECONDS = 3
CHUNK = 65536


class Target:
    def __init__(self, address):
        self.address = address
        self.healthy = False
        self.contrary = 0
        self.writers = set()

    def note(self, well):
        """One health check's outcome."""
        self.contrary = 0 if well == self.healthy else self.contrary + 1
        if self.contrary >= ANSWERS_TO_CHANGE:
            self.healthy, self.contrary = well, 0
            if not well:
                self.reset()

    def reset(self):
        for writer in list(self.writers):
            writer.transport.abort()


class Balancer:
    def __init__(self, config, interval=INTERVAL_SECONDS):
        self.config = config
        self.interval = interval
        self.targets = {}
        self.lock = threading.Lock()
        # As AWS's: the certificate of a target is not looked at.
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.loop = None

    def replace(self, addresses):
        with self.lock:
            gone = [self.targets[one] for one in self.targets if one not in addresses]
            self.targets = {one: self.targets.get(one) or Target(one) for one in addresses}
        for target in gone:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(target.reset)

    def health(self):
        with self.lock:
            return {address: target.healthy for address, target in self.targets.items()}

    def choose(self):
        with self.lock:
            all_targets = list(self.targets.values())
        well = [one for one in all_targets if one.healthy] or all_targets
        return random.choice(well) if well else None

    async def check(self, target):
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(target.address, self.config["port"], ssl=self.context), CHECK_SECONDS)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: target\r\nConnection: close\r\n\r\n")
                line = await asyncio.wait_for(reader.readline(), CHECK_SECONDS)
            finally:
                writer.transport.abort()
            return b" 200 " in line
        except (OSError, asyncio.TimeoutError):
            return False

    async def check_forever(self):
        while True:
            with self.lock:
                targets = list(self.targets.values())
            for target, well in zip(targets, await asyncio.gather(*map(self.check, targets))):
                target.note(well)
            await asyncio.sleep(self.interval)

    async def serve(self, reader, writer):
        target = self.choose()
        try:
            if target is None:
                raise OSError("no target")
            other = await asyncio.wait_for(
                asyncio.open_connection(target.address, self.config["port"]), CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError):
            writer.transport.abort()
            return
        target.writers |= {writer, other[1]}
        try:
            await asyncio.gather(pipe(reader, other[1]), pipe(other[0], writer))
        finally:
            target.writers -= {writer, other[1]}
            for one in (writer, other[1]):
                one.transport.abort()

    async def run(self):
        self.loop = asyncio.get_running_loop()
        listener = await asyncio.start_server(self.serve, self.config["address"], self.config["port"])
        async with listener:
            await asyncio.gather(listener.serve_forever(), self.check_forever())

    def serve_forever(self):
        asyncio.run(self.run())


async def pipe(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
