using System.Runtime.InteropServices;
using Deployments.Web.Embedded;

namespace Deployments.Web.Ldap;

/// <summary>
/// The system's own LDAP library. It is looked for only where a directory is set, and told what .NET has no way to tell
/// it: to take no server whose certificate does not fit, by whom certificates are signed, and not to wait for ever.
/// </summary>
static class LdapLibrary
{
    const int Restart = 0x0009;
    const int TlsCaFile = 0x6002;
    const int TlsRequireCertificate = 0x6006;
    const int NetworkTimeout = 0x5005;
    const int Demand = 2;

    // Those that .NET itself looks for.
    static readonly string[] Names =
        OperatingSystem.IsMacOS() ? ["libldap.dylib"] : ["libldap.so.2", "libldap-2.6.so.0", "libldap-2.5.so.0"];

    /// <summary>Finds and sets it up, for every connection of this process.</summary>
    /// <exception cref="CannotStartException">There is none.</exception>
    public static void Prepare(string? caFile, TimeSpan patience)
    {
        if (OperatingSystem.IsWindows())
            return; // its own library, which trusts whom the system trusts
        var library = Names.Select(name => NativeLibrary.TryLoad(name, out var handle) ? handle : 0)
            .FirstOrDefault(handle => handle != 0);
        if (library == 0)
        {
            throw new CannotStartException("Deployments__Ldap__Servers needs the system's LDAP library, which is "
                + "missing: install libldap (Debian, Ubuntu: libldap-2.5-0 or libldap2).");
        }

        var set = Marshal.GetDelegateForFunctionPointer<SetOption>(NativeLibrary.GetExport(library, "ldap_set_option"));
        Set(set, Restart, [1]); // .NET interrupts threads; the library would take that for a server that is away
        Set(set, TlsRequireCertificate, BitConverter.GetBytes(Demand));
        Set(set, NetworkTimeout,
            [.. BitConverter.GetBytes((long)patience.TotalSeconds), .. BitConverter.GetBytes(0L)]);
        if (caFile is not null)
            Set(set, TlsCaFile, [.. System.Text.Encoding.UTF8.GetBytes(Path.GetFullPath(caFile)), 0]);
    }

    static void Set(SetOption set, int option, byte[] value)
    {
        if (set(0, option, value) != 0)
            throw new CannotStartException($"The system's LDAP library does not take option {option:x}.");
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    delegate int SetOption(nint connection, int option, byte[] value);
}
