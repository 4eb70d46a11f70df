using System.Globalization;
using Deployments.Data.Octopus;

namespace Deployments.Web.Pages.Octopus;

/// <summary>How connections to Octopus servers are told of.</summary>
static class OctopusText
{
    /// <summary>How far a connection is, in a few sentences.</summary>
    public static string Status(OctopusConnection octopus, OctopusCounts counts)
    {
        var done = counts.Found - counts.Waiting;
        var text = octopus.IsPaused ? "Paused. " : octopus.PolledAt is null ? "Reading what was deployed before. " : "";
        text += $"{Number(done)} of {Number(counts.Found)} deployments looked into, {Number(counts.Records)} records.";
        if (counts.SetAside > 0)
            text += $" {Number(counts.SetAside)} set aside.";
        if (counts.Troubled > 0)
            text += $" {Number(counts.Troubled)} could not be read yet.";
        return text;
    }

    /// <summary>A number with its thousands set off.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
