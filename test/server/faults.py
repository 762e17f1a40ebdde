"""placeholder"""
from wire import Reply


class Faults:
    def __init__(self, upstream):
        self.upstream = upstream

    def answer(self, request, connection):
        return Reply(404, b'{}', 'application/json')
