// The suite's service (README.md) for the Node worker.
const journal = [];

async function sleep(request, milliseconds) {
    const { signal } = request;
    const cancelled = await new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), milliseconds);
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve(true)));
    });
    journal.push(`${cancelled ? "cancelled" : "ended"} ${idOf(request)}`);
    return "slept";
}

const idOf = (request) => request.id.toString(16).padStart(16, "0");

function describe(request) {
    const fields = (kind, list) => list.map(({ name, value }) => `${kind} ${name} ${value.toString()}`);
    return [
        `attempt ${request.attempt}`,
        `service ${request.service}`,
        `route ${request.route}`,
        `method ${request.method}`,
        `target ${request.target}`,
        `key ${request.idempotencyKey}`,
        ...fields("parameter", request.parameters),
        ...fields("header", request.headers),
        ...fields("attribute", request.attributes),
    ].join("\n");
}

async function conformance(request) {
    const body = Buffer.from(request.body);
    const space = body.indexOf(" ");
    const word = body.subarray(0, space < 0 ? body.length : space).toString();
    const argument = space < 0 ? Buffer.alloc(0) : body.subarray(space + 1);
    if (word === "journal") return journal.join("\n");
    journal.push(`started ${idOf(request)}`);
    switch (word) {
        case "echo": return argument;
        case "sleep": return sleep(request, Number(argument));
        case "fail": throw new Error(argument.toString());
        case "not-processed": throw Object.assign(new Error(argument), { notProcessed: true });
        case "bytes": return "x".repeat(Number(argument));
        case "header": return { headers: { "x-long": "x".repeat(Number(argument)) } };
        case "request": return describe(request);
        default: throw new Error("an unknown word");
    }
}

export default { conformance };
