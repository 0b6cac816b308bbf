"""One port before several servers, as a load balancer has it that passes connections on and knows nothing of HTTP.

A new connection goes to a server that says it is ready; an open one stays where it is until either side closes it.
"""
import asyncio, itertools, threading

LOOK_EVERY = 0.1


class Balancer:
    def __init__(self):
        self.ports, self.ready, self.turn = [], set(), itertools.count()
        # Connections that came while no server was ready: nobody may notice an upgrade by that.
        self.turned_away = 0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.listener = asyncio.run_coroutine_threadsafe(self.listen(), self.loop).result()
        self.port = self.listener.sockets[0].getsockname()[1]

    async def listen(self):
        self.looks = asyncio.create_task(self.look_all())
        return await asyncio.start_server(self.passed_on, "127.0.0.1", 0)

    def add(self, port):
        """From now on new connections may go there: returns once they do."""
        async def added():
            self.ports.append(port)
            while port not in self.ready:
                await asyncio.sleep(LOOK_EVERY / 4)
        asyncio.run_coroutine_threadsafe(added(), self.loop).result(60)

    def take_out(self, port):
        """No new connection goes there any more."""
        async def taken_out():
            self.ports.remove(port)
            self.ready.discard(port)
        asyncio.run_coroutine_threadsafe(taken_out(), self.loop).result(60)

    async def look_all(self):
        while True:
            for port in list(self.ports):
                is_ready = await self.is_ready(port)
                if is_ready and port in self.ports:
                    self.ready.add(port)
                else:
                    self.ready.discard(port)
            await asyncio.sleep(LOOK_EVERY)

    async def is_ready(self, port):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = (await asyncio.wait_for(reader.readline(), 5)).split(b" ")[1:2]
            writer.close()
            return status == [b"200"]
        except (OSError, asyncio.TimeoutError):
            return False

    async def passed_on(self, reader, writer):
        there = None
        # One that refuses has just stopped: nothing was sent, so another may be asked.
        for port in self.in_turn():
            try:
                there = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                continue
        if there is None:
            self.turned_away += 1
            writer.close()
            return
        await asyncio.gather(self.copy(reader, there[1]), self.copy(there[0], writer))

    def in_turn(self):
        ports = [port for port in self.ports if port in self.ready]
        first = next(self.turn) % len(ports) if ports else 0
        return ports[first:] + ports[:first]

    @staticmethod
    async def copy(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
