"""VSR's statements on real photographs, judged by graphs from predicted depth."""

from tests.perception.vsr import graphs_by_depth, read_statements


def test_depth_decides_statements_about_real_photographs(shared_data):
    statements = read_statements(shared_data)
    graphs = dict(graphs_by_depth(shared_data, {each.photo for each in statements}))
    right = [each.is_said_by(graphs[each.photo]) == each.holds for each in statements]
    assert len(right) == 7
    assert sum(right) >= 6
