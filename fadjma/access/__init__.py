"""Access requests, the grants they become, and who saw a file (FHIR Consent and AuditEvent)."""
