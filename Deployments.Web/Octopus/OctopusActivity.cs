using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deployments.Web.Octopus;

/// <summary>
/// Reads a task's activity log: which machines a step really put its package on. Octopus's own list of a deployment's
/// machines also has those where the step was skipped or failed.
/// </summary>
static partial class OctopusActivity
{
    const int DepthMax = 3; // steps lie below the task; a hostile log may be deeper

    /// <summary>What became of an action.</summary>
    /// <param name="details">The answer of <c>tasks/{id}/details</c>.</param>
    /// <param name="step">The step's name.</param>
    /// <param name="action">The action's name.</param>
    /// <param name="machines">The deployment's machines by name.</param>
    /// <param name="isOneNameless">Whether it had others, whose names are not known any more.</param>
    /// <returns>
    /// The machines it succeeded on; none where it succeeded without any. Null when it did not run, or succeeded
    /// nowhere.
    /// </returns>
    public static IReadOnlyList<string>? MachinesOrNull(
        JsonElement details, string step, string action, IReadOnlySet<string> machines, bool isOneNameless)
    {
        var succeeded = new SortedSet<string>(StringComparer.Ordinal);
        var (ran, met) = (false, false);
        foreach (var node in details.Items("ActivityLogs").SelectMany(log => StepsOf(log, step, action, 0)))
        {
            var onMachines = node.Items("Children")
                .Select(child => (Node: child, Machine: MachineOrNull(child, machines, isOneNameless)))
                .Where(pair => pair.Machine is not null)
                .ToList();
            met |= onMachines.Count > 0;
            ran |= IsSuccess(node);
            foreach (var (child, machine) in onMachines)
            {
                // A rolling step has its actions below each machine.
                var own = child.Items("Children").Where(below => IsCalled(below, action)).ToList();
                if (own.Count > 0 ? own.TrueForAll(IsSuccess) : IsSuccess(child))
                    succeeded.Add(machine!);
            }
        }

        return succeeded.Count > 0 ? [.. succeeded] : ran && !met ? [] : null;
    }

    // The nodes of the action; of a step that has its actions below it those, else the step itself.
    static IEnumerable<JsonElement> StepsOf(JsonElement node, string step, string action, int depth)
    {
        foreach (var child in node.Items("Children"))
        {
            if (IsCalled(child, action))
                yield return child;
            else if (IsCalled(child, step))
                foreach (var found in child.Items("Children").Where(below => IsCalled(below, action))
                    .DefaultIfEmpty(child))
                    yield return found;
            else if (depth < DepthMax)
                foreach (var found in StepsOf(child, step, action, depth + 1))
                    yield return found;
        }
    }

    static string? MachineOrNull(JsonElement node, IReadOnlySet<string> machines, bool isOneNameless)
    {
        if (node.Text("Name") is not { } name)
            return null;
        // A worker runs the step in the machine's stead.
        const string behalf = " on behalf of ";
        if (name.LastIndexOf(behalf, StringComparison.Ordinal) is > 0 and var at)
            name = name[(at + behalf.Length)..].Trim();
        if (machines.Contains(name))
            return name;
        var isServer = name.StartsWith("Octopus Server", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("Worker", StringComparison.OrdinalIgnoreCase)
            || StepNumber().IsMatch(name);
        return isOneNameless && !isServer ? name : null;
    }

    static bool IsCalled(JsonElement node, string name) =>
        node.Text("Name") is { } called
        && (called == name || string.Equals(
            StepNumber().Replace(called, ""), name, StringComparison.OrdinalIgnoreCase));

    static bool IsSuccess(JsonElement node) => node.Text("Status") is "Success" or "SuccessWithWarning";

    [GeneratedRegex(@"^Step \d+(\.\d+)*: ", RegexOptions.IgnoreCase)]
    private static partial Regex StepNumber();
}
