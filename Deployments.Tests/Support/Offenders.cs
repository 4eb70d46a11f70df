namespace Deployments.Tests.Support;

/// <summary>For rules over many things: a failure names all that break the rule, not the first five.</summary>
static class Offenders
{
    public static void AssertNone(IEnumerable<string> offenders)
    {
        var all = offenders.ToList();
        Assert.True(all.Count == 0, $"{all.Count} found:\n{string.Join('\n', all)}");
    }
}
