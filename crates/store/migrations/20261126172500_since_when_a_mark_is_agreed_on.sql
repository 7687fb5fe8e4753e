-- Since when the watched mark itself, or its absence, is agreed on: agreed_at moves with every decision, also with
-- one that leaves the mark as it is. Nothing where that is agreed_at.
ALTER TABLE items ADD COLUMN agreed_since INTEGER;
