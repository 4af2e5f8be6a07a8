"""CLAIM 2024, filled where a run knows the answer.

Items and numbers are those of the 2024 update (Tejani et al. 2024), which renewed the checklist of
Mongan, Moy and Kahn (2020). What a run does not know is left to the authors: no answer is a guess.
"""

from topojax.report.writing.claim.items import CLAIM_KEY, ClaimItem, claim_table, read_items

__all__ = ["CLAIM_KEY", "ClaimItem", "claim_table", "read_items"]
