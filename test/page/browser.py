"""A browser without a window, driven over its DevTools protocol.

Chromium reads commands from file descriptor 3 and writes answers to 4
(--remote-debugging-pipe), each ended by a NUL: no port, no library.

    with Browser() as browser:
        page = browser.open('/tmp/page.html', width=390, dark=True)
        page.run('document.title')
        page.picture('/tmp/page.png')

Whether there is one at all: find().
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')


def find():
    """The path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    def __init__(self, path=None):
        self.profile = tempfile.mkdtemp(prefix='ingest-browser-')
        from_us, to_us = os.pipe(), os.pipe()
        # in the child, 3 and 4 are the ends that it knows them by
        command = ['bash', '-c', f'exec "$@" 3<&{from_us[0]} 4>&{to_us[1]}', 'bash', path or find(),
                   '--headless', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--no-first-run',
                   '--disable-dev-shm-usage', '--hide-scrollbars', '--disable-background-networking',
                   '--disable-component-update', '--disable-sync', '--force-color-profile=srgb',
                   f'--user-data-dir={self.profile}']
        self.process = subprocess.Popen(command, pass_fds=(from_us[0], to_us[1]), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, 'HOME': self.profile})
        os.close(from_us[0])
        os.close(to_us[1])
        self.commands = os.fdopen(from_us[1], 'wb', buffering=0)
        self.answers = os.fdopen(to_us[0], 'rb')
        self.buffer = b''
        self.count = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.commands.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        while b'\0' not in self.buffer:
            read = self.answers.read1(1 << 20)
            if not read:
                raise RuntimeError('the browser has gone')
            self.buffer += read
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        """Send a command and wait for its answer; what comes meanwhile is kept in events."""
        self.count += 1
        command = {'id': self.count, 'method': method, 'params': params}
        if session:
            command['sessionId'] = session
        self.commands.write(json.dumps(command).encode() + b'\0')
        while True:
            message = self.message()
            if message.get('id') == self.count:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]["message"]}')
                return message['result']
            self.events.append(message)

    def wait(self, method, session):
        while True:
            for event in self.events:
                if event.get('method') == method and event.get('sessionId') == session:
                    return event['params']
            self.events.append(self.message())

    def open(self, path, **looks):
        return Page(self, path, **looks)


class Page:
    """A document as it looks at a width, in light or dark."""

    def __init__(self, browser, path, width=1280, height=900, dark=False, media='screen'):
        self.browser = browser
        target = browser.ask('Target.createTarget', url='about:blank')['targetId']
        self.target = target
        self.session = browser.ask('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.width = width
        self.ask('Page.enable')
        self.ask('Network.enable')
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.ask('Emulation.setEmulatedMedia', media='' if media == 'screen' else media,
                 features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
                           {'name': 'prefers-reduced-motion', 'value': 'reduce'}])
        browser.events.clear()
        self.ask('Page.navigate', url=Path(path).resolve().as_uri())
        browser.wait('Page.loadEventFired', self.session)
        self.requests = [event['params']['request']['url'] for event in browser.events
                         if event.get('method') == 'Network.requestWillBeSent']

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def run(self, script):
        """The value of an expression in the page."""
        result = self.ask('Runtime.evaluate', expression=script, returnByValue=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(result['exceptionDetails']['exception']['description'])
        return result['result'].get('value')

    def names(self):
        """What the accessibility tree has: (role, name) of each node that is not ignored."""
        nodes = self.ask('Accessibility.getFullAXTree')['nodes']
        return [(node['role']['value'], node.get('name', {}).get('value', ''))
                for node in nodes if not node.get('ignored')]

    def picture(self, path, top=0, height=None):
        """A picture of the whole page, or of a part of it."""
        full = self.run('Math.ceil(document.documentElement.getBoundingClientRect().height)')
        clip = {'x': 0, 'y': top, 'width': self.width, 'height': min(height or full, full - top), 'scale': 1}
        data = self.ask('Page.captureScreenshot', format='png', captureBeyondViewport=True, clip=clip)['data']
        Path(path).write_bytes(base64.b64decode(data))

    def print(self, path):
        """The page as a PDF, on A4."""
        data = self.ask('Page.printToPDF', paperWidth=8.27, paperHeight=11.69, printBackground=True)['data']
        Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.browser.ask('Target.closeTarget', targetId=self.target)
