"""The branches that are read."""

from kit.ecal.branches import wanted


def test_each_branch_is_read_once_also_where_it_serves_twice():
    names = [branch.name for branch in wanted("simEnergy_sharedXtals", pileup=True)]
    assert len(set(names)) == len(names)
    assert "pfCluster_simEnergy_sharedXtals" in names


def test_branches_of_pileup_are_read_on_wish_only():
    more = {b.name for b in wanted("sim_fraction", pileup=True)} - {
        b.name for b in wanted("sim_fraction", pileup=False)
    }
    assert len(more) == 8
    assert "caloParticlePU_totEnergy" in more


def test_no_more_is_read_than_the_specification_says():
    assert len(wanted("sim_fraction", pileup=False)) == 47
