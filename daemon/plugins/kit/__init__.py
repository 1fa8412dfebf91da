"""The conformance kit: what any driver or profile, whoever wrote it, has to keep; run by `gatehouse driver test`."""
