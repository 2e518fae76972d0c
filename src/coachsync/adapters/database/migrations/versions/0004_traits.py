"""What shares choose by, beside times, and the numbers that they give to series."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and create the table."""
    op.add_column("appointments", sa.Column("traits", sa.LargeBinary(), nullable=True))
    op.add_column("appointments", sa.Column("traits_frame", sa.String(length=120), nullable=True))
    op.create_table(
        "series",
        sa.Column("share", sa.String(length=40), nullable=False),
        sa.Column("place", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("share", "place", name=op.f("pk_series")),
    )
