namespace Deployments.Tests.Support;

/// <summary>For rules over many things: a failure names all that break the rule, not the first five.</summary>
static class Offenders
{
    /// <param name="offenders">What breaks the rule.</param>
    /// <param name="where">What they were looked for in; said before them.</param>
    public static void AssertNone(IEnumerable<string> offenders, string where = "")
    {
        var all = offenders.ToList();
        Assert.True(all.Count == 0, $"{where} {all.Count} found:\n{string.Join('\n', all)}");
    }
}
