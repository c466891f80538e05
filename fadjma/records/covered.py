"""What of the file the chain covers: each version of a record with its fields, and what was measured."""

from fadjma import chain
from fadjma.chain import Kind
from fadjma.store import Transaction

VERSIONS = Kind(
    "version",
    {
        1: "SELECT record_id, version, author_id, title, body, reason, created_at FROM record_versions "
        "WHERE record_id IN"
    },
    "SELECT r.patient_id AS chain, v.record_id || '/' || v.version AS key "
    "FROM record_versions v JOIN records r ON r.id = v.record_id",
    width=2,
)
ALLERGIES = Kind(
    "allergy",
    {
        1: "SELECT record_id, version, kind, substance, atc, reaction, severity, status FROM allergy_facts "
        "WHERE record_id IN"
    },
    "SELECT r.patient_id AS chain, f.record_id || '/' || f.version AS key "
    "FROM allergy_facts f JOIN records r ON r.id = f.record_id",
    width=2,
)
CONSULTATIONS = Kind(
    "consultation",
    {1: "SELECT record_id, version, motive, observation, conclusion FROM consultation_facts WHERE record_id IN"},
    "SELECT r.patient_id AS chain, f.record_id || '/' || f.version AS key "
    "FROM consultation_facts f JOIN records r ON r.id = f.record_id",
    width=2,
)
PROBLEMS = Kind(
    "problem",
    {1: "SELECT record_id, version, words, icd, since, status, ended_on, note FROM problem_facts WHERE record_id IN"},
    "SELECT r.patient_id AS chain, f.record_id || '/' || f.version AS key "
    "FROM problem_facts f JOIN records r ON r.id = f.record_id",
    width=2,
)
VACCINATIONS = Kind(
    "vaccination",
    {
        1: "SELECT record_id, version, vaccine, dose, lot, site, next_due, note FROM vaccination_facts "
        "WHERE record_id IN"
    },
    "SELECT r.patient_id AS chain, f.record_id || '/' || f.version AS key "
    "FROM vaccination_facts f JOIN records r ON r.id = f.record_id",
    width=2,
)
RESULTS = Kind(
    "result",
    {1: "SELECT record_id, version, exam, note FROM result_facts WHERE record_id IN"},
    "SELECT r.patient_id AS chain, f.record_id || '/' || f.version AS key "
    "FROM result_facts f JOIN records r ON r.id = f.record_id",
    width=2,
)
RESULT_VALUES = Kind(
    "result_values",
    {
        1: "SELECT record_id, version, position, analysis, comparator, number, unit, low, high FROM result_values "
        "WHERE record_id IN"
    },
    "SELECT DISTINCT r.patient_id AS chain, v.record_id || '/' || v.version AS key "
    "FROM result_values v JOIN records r ON r.id = v.record_id",
    width=2,
)
MEASUREMENTS = Kind(
    "measurement",
    {
        1: "SELECT id, patient_id, round_id, record_id, code, value, diastolic, measured_on, author_id, delegated_by, "
        "created_at FROM measurements WHERE id IN"
    },
    "SELECT patient_id AS chain, id AS key FROM measurements",
)
MEASUREMENT_ERRORS = Kind(
    "measurement_error",
    {1: "SELECT measurement_id, reason, at FROM measurement_errors WHERE measurement_id IN"},
    "SELECT m.patient_id AS chain, e.measurement_id AS key "
    "FROM measurement_errors e JOIN measurements m ON m.id = e.measurement_id",
)
KINDS = (
    *(VERSIONS, ALLERGIES, CONSULTATIONS, PROBLEMS, VACCINATIONS, RESULTS, RESULT_VALUES, MEASUREMENTS),
    MEASUREMENT_ERRORS,
)


def version(tx: Transaction, kind: Kind, record_id: str, number: int) -> None:
    """This version of a record has just been written, in the table of this kind."""
    patient_id = tx.value("SELECT patient_id FROM records WHERE id = :id", {"id": record_id})
    chain.cover(tx, patient_id, kind, f"{record_id}/{number}")
