"""placeholder"""
from wire import Reply


class Control:
    def __init__(self, upstream):
        self.upstream = upstream

    def answer(self, request):
        return Reply(404, b'{}', 'application/json')
