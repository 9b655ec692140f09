namespace Kd.Architecture.Tests.Folders;

/// <summary>The name of a type that stands in no other type.</summary>
/// <param name="Namespace">The type's namespace; empty for the global one.</param>
/// <param name="Name">The type's name without its number of type parameters.</param>
internal readonly record struct TypeName(string Namespace, string Name)
{
    /// <summary>Gives the first part of the type's namespace below the root.</summary>
    /// <param name="root">The project's namespace.</param>
    /// <returns><see cref="Architecture.Root"/> for the root itself; null for a type outside it: a library's, a contract's or Program.</returns>
    public string? FolderBelow(string root)
    {
        if (Namespace == root)
            return Architecture.Root;
        return Namespace.StartsWith(root + ".", StringComparison.Ordinal) ? Namespace[(root.Length + 1)..].Split('.')[0] : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>
/// Says that the code of one type needs another. Nested types, and those that the compiler makes of lambdas and async methods, count as their outermost type.
/// </summary>
/// <param name="User">The type whose code it is.</param>
/// <param name="Used">The type that the code needs.</param>
internal readonly record struct TypeUse(TypeName User, TypeName Used)
{
    /// <inheritdoc/>
    public override string ToString() => $"{User} uses {Used}";
}
