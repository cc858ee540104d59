"""What a TLS connection costs the gateway in memory, beside what docs/memory.md's bound counts."""
import os
import re
import ssl

from held import REQUEST, connect, held_memory, suspend
from tools import ROOT, verdict

FEW, MANY = 500, 3_500
HALF_A_RECORD = b"\x17\x03\x03\x40\x00" + bytes(8_000)


def cost(name):
    """In bytes, as the bound takes it."""
    header = (ROOT / "gateway/config/memory_bound.h").read_text(encoding="utf-8")
    return int(re.search(rf" {name} = (\d+) \* kKiB;", header).group(1)) * 1024


def trusting(certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def shake_hands(context):
    return lambda port: context.wrap_socket(connect(port))


def shake_hands_and_suspend(port):
    connection = trusting().wrap_socket(connect(port))
    connection.sendall(REQUEST)
    return connection


def stop_within_a_record(port):
    """Beneath TLS: the record's rest never comes."""
    connection = trusting().wrap_socket(connect(port))
    with os.fdopen(os.dup(connection.fileno()), "wb", buffering=0) as beneath:
        beneath.write(HALF_A_RECORD)
    return connection


def stop_within_the_handshake(context):
    """All of the client's side is said but its last byte."""
    def open_one(port):
        arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(arriving, leaving)
        connection = connect(port)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(leaving.read())
                arriving.write(connection.recv(65536))
        connection.sendall(leaving.read()[:-1])
        return connection
    return open_one


def memory(build, folder, certificate, listen):
    """Lines of the page. `certificate`: its file and its key's, which `listen` has told the gateway
    of; clients show it, too, where one is asked for."""
    tls, record = cost("tls_session"), cost("tls_record")
    asked = f"{listen[:-1]}, client_ca: {certificate[0]}}}"
    showing = trusting(certificate)
    plain = {}
    lines = ["| VmRSS of each connection | plain | TLS | TLS's own | which the bound takes for |",
             "|---|---|---|---|---|"]
    for name, listens, open_one, bound in (
            ("idle", listen, shake_hands(trusting()), tls),
            ("idle, with a client's certificate", asked, shake_hands(showing),
             tls + cost("tls_client_certificate")),
            ("suspended", listen, shake_hands_and_suspend, tls),
            ("within a record", listen, stop_within_a_record, tls + record),
            ("within the handshake", listen, stop_within_the_handshake(trusting()),
             tls + 2 * record),
            ("within the handshake, with a client's certificate", asked,
             stop_within_the_handshake(showing),
             tls + 2 * record + cost("tls_client_certificate"))):
        suspended = name == "suspended"
        if suspended not in plain:
            plain[suspended], _, _ = held_memory(build, folder, FEW, MANY,
                                                 suspend if suspended else connect, suspended)
        each, _, _ = held_memory(build, folder, FEW, MANY, open_one, suspended, ", " + listens)
        own = each - plain[suspended]
        lines.append(f"| {name} | {plain[suspended] / 1024:.1f} KiB | {each / 1024:.1f} KiB |"
                     f" {own / 1024:.1f} KiB | {bound / 1024:.0f} KiB: {verdict(own, bound)} |")
        print(lines[-1], flush=True)
    return lines
