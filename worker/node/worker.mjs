// A worker in Node, from proto/README.md alone: node worker.mjs HANDLERS.mjs --gateway tcp://HOST:PORT...
// HANDLERS.mjs exports by default { SERVICE: async (request) => text, Buffer or {status, headers, body} }.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import protobuf from "protobufjs";
import { Dealer } from "zeromq";

const CAPACITY = 64, CAPACITY_BYTES = 64 << 20, BATCH_BYTES = 256 << 10, OVERHEAD = 256, ITEMS = 1000, SILENCE = 6000;
const contract = protobuf.loadSync(fileURLToPath(new URL("../../proto/envelope.proto", import.meta.url)));
const { Envelope, Reply, Return } = contract.lookup("holdfast.wire");
const { ANSWERED, FAILED, NOT_PROCESSED } = Reply.Kind, { DRAINING, NO_SERVICE, OVER_CREDIT } = Return.Reason;

const skip = protobuf.Reader.prototype.skipType;
protobuf.Reader.prototype.skipType = function (type) {
    if (type === 3 || type === 4) throw new Error("a group");
    return skip.call(this, type);
};

const now = () => performance.now();
const bytesOf = (...texts) => texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
const fieldsOf = (fields) => fields.reduce((sum, field) => sum + bytesOf(field.name, field.value), 0);
const requestBytes = (r) => bytesOf(r.service, r.route, r.method, r.target, r.idempotencyKey, r.body)
    + fieldsOf([...r.parameters, ...r.headers, ...r.attributes]);

/** One gateway address: the session, and all that is held for it. */
class Gateway {
    constructor(endpoint, services) {
        Object.assign(this, { endpoint, services, instance: randomUUID(), draining: false, nextHello: now() + 1000 });
        this.end();
        this.open();
        setInterval(() => this.turn(), 50);
    }
    /** What belongs to one session, as it is before a Welcome; its requests are cancelled. */
    end() {
        for (const held of this.held?.values() ?? []) held.abort.abort();
        Object.assign(this, { session: null, held: new Map(), ready: [], returns: [], pong: null, sequence: 0, leaving: false,
            goodbye: false, received: 0, receivedBytes: 0, done: 0, doneBytes: 0, announced: [0, 0], sent: 0, allowed: 0 });
    }
    /** A question, or a lease, is answered by Hello: once a second, until there is an answer. */
    sayHello() {
        Object.assign(this, { hello: !this.draining, waiting: true, nextHello: now() + 1000 });
    }
    async open() {
        const dealer = this.dealer = new Dealer({ immediate: true, probeRouter: true, linger: 1000, sendTimeout: 0,
            reconnectInterval: 100, reconnectMaxInterval: 1000, maxMessageSize: 65 << 20 });
        dealer.connect(this.endpoint), this.heard = now();
        try {
            for await (const frames of dealer) {
                this.heard = now();
                if (frames.length !== 1 || !frames[0].length) throw new Error("frames");
                this.take(Envelope.decode(frames[0])), this.turn();
            }
            throw new Error("nothing was heard");
        } catch (error) {
            console.error(`gateway ${this.endpoint}: ${error.message}: connecting anew`);
            this.end();
            if (!dealer.closed) dealer.linger = 0, dealer.close();
            setTimeout(() => this.open(), 1000);
        }
    }
    /** Before anything that came is used: what waited in the socket proves nothing. */
    checkLease() {
        if (this.session && now() > this.leaseUntil) this.end(), this.sayHello();
    }
    take(e) {
        this.checkLease();
        if (e.whoAreYou && !(this.waiting && now() < this.nextHello)) this.end(), this.sayHello();
        if (e.refused) this.end(), Object.assign(this, { waiting: true, hello: false, nextHello: now() + 5000 });
        if (e.welcome) this.begin(e);
        if (!this.session?.equals(e.session)) return;
        if (e.ping) this.pong = e.ping.sequence, this.leaseUntil = now() + this.terms.leaseMs;
        if (e.replyCredit) this.allowed = Math.max(this.allowed, Number(e.replyCredit.bytesTotal));
        for (const r of e.requests) this.receive(r, e.cancels);
        for (const c of e.cancels) this.cancel(this.held.get(`${c.id}`), c.attempt);
        if (e.goodbyeAck) this.leaving = this.draining;
    }
    begin({ session, welcome }) {
        this.end();
        if (session.isZero() || !welcome.leaseMs || welcome.maxMessageBytes.isZero()) throw new Error("a bad welcome");
        Object.assign(this, { session, terms: welcome, waiting: false, hello: false, goodbye: this.draining });
        this.leaseUntil = now() + welcome.leaseMs;
    }
    receive(r, cancels) {
        if (r.id.isZero() || !r.attempt || Number(r.sequence) <= this.sequence) throw new Error("a bad request");
        this.sequence = Number(r.sequence);
        const held = { id: r.id, attempt: r.attempt, bytes: requestBytes(r), since: now(), abort: new AbortController() };
        const over = this.received >= this.announced[0] || this.receivedBytes >= this.announced[1];
        this.received += 1;
        this.receivedBytes += held.bytes;
        const why = over ? OVER_CREDIT : this.leaving ? DRAINING : Object.hasOwn(this.services, r.service) ? 0 : NO_SERVICE;
        if (why) this.returns.push({ id: r.id, attempt: r.attempt, reason: why });
        if (why || !r.timeoutMs || cancels.some((c) => c.id.equals(r.id) && c.attempt === r.attempt)) return this.finish(held);
        this.held.set(`${r.id}`, held);
        this.run(Object.assign(r, { signal: held.abort.signal, deadline: held.since + r.timeoutMs }), held, this.session);
    }
    /** What runs is told; a reply that still waits is dropped. */
    cancel(held, attempt) {
        if (held?.attempt !== attempt) return;
        held.abort.abort();
        if (held.ran) this.ready = this.ready.filter((entry) => entry.held !== held), this.finish(held);
    }
    async run(request, held, session) {
        let reply;
        try {
            await null; // the whole envelope is taken first; then everything is started at once
            const made = await this.services[request.service](request);
            const { status = 200, headers = {}, body = "" } = typeof made === "string" || Buffer.isBuffer(made) ? { body: made } : made;
            const fields = Object.entries(headers).map(([name, value]) => ({ name, value: Buffer.from(`${value}`) }));
            reply = { kind: ANSWERED, status, headers: fields, body: Buffer.from(body) };
        } catch (error) {
            reply = { kind: error?.notProcessed ? NOT_PROCESSED : FAILED, detail: `${error?.message ?? error}`.slice(0, 1024) };
        }
        if (this.session !== session) return; // it is over: the reply goes nowhere
        held.ran = true;
        if (held.abort.signal.aborted) this.finish(held);
        else this.ready.push(this.encode(held, reply));
        setImmediate(() => this.turn());
    }
    /** A reply that the gateway would not take is sent as a failure. */
    encode(held, reply) {
        const whole = { ...reply, id: held.id, attempt: held.attempt }, { maxReplyBytes, maxMessageBytes } = this.terms;
        const size = bytesOf(whole.body, whole.detail) + fieldsOf(whole.headers ?? []), encoded = Reply.encode(whole).finish().length;
        if (size <= Number(maxReplyBytes) && encoded + OVERHEAD <= Number(maxMessageBytes)) return { held, whole, size, encoded };
        return this.encode(held, { kind: FAILED, detail: `the reply has ${size} bytes, the gateway takes ${maxReplyBytes}` });
    }
    finish(held) {
        this.done += 1;
        this.doneBytes += held.bytes;
        this.held.delete(`${held.id}`);
    }
    /** What time makes it do, then one envelope with all that is ready. */
    async turn() {
        this.checkLease();
        if (!this.session && now() >= this.nextHello) this.sayHello();
        if (!this.dealer.closed && now() - this.heard > Math.max(SILENCE, 2 * (this.terms?.leaseMs ?? 0))) this.dealer.close();
        if (this.sending || this.dealer.closed) return;
        const { session } = this, out = this.hello ? this.makeHello() : session && this.collect();
        if (!out) return;
        this.sending = true;
        try {
            await this.dealer.send(Envelope.encode(out.envelope).finish());
            if (this.session === session) out.commit();
            setImmediate(() => this.turn());
        } catch { // no connection, or its pipe is full: a later turn tries again
        } finally {
            this.sending = false;
        }
    }
    makeHello() {
        const services = Object.keys(this.services).map((name) => ({ name, plugin: "node", pluginVersion: "0.1.0" }));
        return { commit: () => { this.hello = false; }, envelope: { hello: { protocol: 1, instance: this.instance, services,
            version: "0.1.0 (Node)", threads: 1, pid: process.pid, host: hostname() } } };
    }
    collect() {
        const { goodbye, pong, session } = this, replies = [], returns = this.returns.slice(0, ITEMS);
        const most = Math.min(BATCH_BYTES, Number(this.terms.maxMessageBytes));
        let size = OVERHEAD + 32 * returns.length, payload = 0;
        for (const entry of this.ready) {
            if (this.sent + payload >= this.allowed || replies.length === ITEMS) break;
            if (replies.length && size + entry.encoded + 32 > most) break;
            replies.push(entry);
            size += entry.encoded + 32;
            payload += entry.size;
        }
        const bytes = replies.reduce((sum, entry) => sum + entry.held.bytes, this.doneBytes);
        const totals = this.draining ? this.announced : [this.done + replies.length + CAPACITY, bytes + CAPACITY_BYTES];
        const fresh = totals[0] !== this.announced[0] || totals[1] !== this.announced[1];
        if (!replies.length && !returns.length && !pong && !goodbye && !fresh) return null;
        const running = [...this.held.values()].filter((held) => !held.ran);
        const oldest = Math.max(0, ...running.map((held) => Math.floor(now() - held.since)));
        const envelope = { session, returns, replies: replies.map((entry) => entry.whole), goodbye: goodbye ? {} : null,
            requestCredit: fresh ? { requestsTotal: totals[0], bytesTotal: totals[1] } : null,
            pong: pong && { sequence: pong, startedThrough: this.sequence, oldestStartedAgeMs: oldest, running: running.length } };
        return { envelope, commit: () => {
            for (const { held } of replies) if (this.held.get(`${held.id}`) === held) this.finish(held);
            this.ready = this.ready.filter((entry) => !replies.includes(entry));
            this.returns.splice(0, returns.length);
            Object.assign(this, { announced: totals, sent: this.sent + payload, goodbye: this.goodbye && !goodbye });
            if (this.pong === pong) this.pong = null;
        } };
    }
    get drained() {
        return !this.sending && (!this.session || (this.leaving && !this.held.size && !this.returns.length));
    }
}

const [file, ...rest] = process.argv.slice(2), endpoints = rest.filter((_, i) => rest[i - 1] === "--gateway");
if (!file || !endpoints.length) console.error("usage: worker.mjs HANDLERS.mjs --gateway tcp://HOST:PORT..."), process.exit(2);
const { default: services } = await import(pathToFileURL(resolve(file)));
const gateways = endpoints.map((endpoint) => new Gateway(endpoint, services));

for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => {
    if (gateways[0].draining) process.exit(signal === "SIGINT" ? 130 : 143);
    for (const gateway of gateways) Object.assign(gateway, { draining: true, hello: false, goodbye: gateway.session !== null }).turn();
    setTimeout(() => process.exit(3), 30_000);
    setInterval(() => gateways.every((gateway) => gateway.drained) && process.exit(0), 20);
});
