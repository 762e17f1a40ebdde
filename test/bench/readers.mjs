// A calendar read by a reader in JavaScript: parsed, and expanded in a window
// to a list of id, title, start and end.
//
//   node readers.mjs ical.js|node-ical FOLDER FILE FROM TO
//
// FOLDER is where "npm install ical.js node-ical" was run.  Prints seconds, those
// that its main thread computed (garbage collection and compilation beside it
// left out), and the number of occurrences; the file is in memory before the
// clock starts.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [name, folder, file, from, to] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const [start, end] = [new Date(from), new Date(to)];
const text = readFileSync(file, 'utf8');

async function reader() {
	if (name === 'node-ical') {
		const ical = require('node-ical');
		return () => {
			const found = [];
			for (const event of Object.values(ical.sync.parseICS(text))) {
				if (event.type !== 'VEVENT') continue;
				if (!event.rrule) {
					if (event.start >= start && event.start < end)
						found.push([event.uid, event.summary, event.start, event.end]);
					continue;
				}
				// its "to" is inclusive
				for (const one of ical.expandRecurringEvent(event, { from: start, to: new Date(end - 1) }))
					found.push([event.uid, one.summary, one.start, one.end]);
			}
			return found;
		};
	}
	const path = require.resolve('ical.js');
	const module = path.endsWith('.cjs') ? require(path) : await import(pathToFileURL(path));
	const ICAL = module.default ?? module;
	return () => {
		const found = [];
		const root = new ICAL.Component(ICAL.parse(text));
		const overrides = new Map();
		const masters = [];
		for (const zone of root.getAllSubcomponents('vtimezone'))
			ICAL.TimezoneService.register(zone);
		for (const component of root.getAllSubcomponents('vevent')) {
			if (!component.hasProperty('recurrence-id')) masters.push(component);
			else {
				const uid = component.getFirstPropertyValue('uid');
				if (!overrides.has(uid)) overrides.set(uid, []);
				overrides.get(uid).push(component);
			}
		}
		for (const component of masters) {
			// with its exceptions given: it would else look for them in the
			// whole calendar, once for each event
			const uid = component.getFirstPropertyValue('uid');
			const event = new ICAL.Event(component, { exceptions: overrides.get(uid) ?? [] });
			if (!event.isRecurring()) {
				const at = event.startDate.toJSDate();
				if (at >= start && at < end) found.push([event.uid, event.summary, at, event.endDate.toJSDate()]);
				continue;
			}
			const iterator = event.iterator();
			for (let time = iterator.next(); time && time.toJSDate() < end; time = iterator.next()) {
				const { item, startDate, endDate } = event.getOccurrenceDetails(time);
				const at = startDate.toJSDate();
				if (at >= start && at < end) found.push([event.uid, item.summary, at, endDate.toJSDate()]);
			}
		}
		return found;
	};
}

// Nanoseconds that the main thread has computed
const computed = () => Number(readFileSync('/proc/self/schedstat', 'ascii').split(' ')[0]);

const read = await reader();
const began = process.hrtime.bigint();
const before = computed();
const found = read();
const cpu = (computed() - before) / 1e9;
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
console.log(JSON.stringify({ seconds, cpu, count: found.length }));
