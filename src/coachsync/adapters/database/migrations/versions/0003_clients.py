"""The client directory, the names that shares give clients, and whose appointments are whose."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    for table in ("clients", "sponsors"):
        op.create_table(
            table,
            sa.Column("code", sa.String(length=8), nullable=False),
            sa.Column("key", sa.String(length=16), nullable=False),
            sa.Column("sealed", sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("code", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "pseudonyms",
        sa.Column("tag", sa.LargeBinary(length=16), nullable=False),
        sa.Column("share", sa.String(length=40), nullable=False),
        sa.Column("client", sa.String(length=8), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_pseudonyms")),
    )
    op.create_table(
        "assignments",
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("calendar", "uid", name=op.f("pk_assignments")),
    )
